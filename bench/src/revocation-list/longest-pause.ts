import { closeSync, openSync, readSync } from 'node:fs';

/** How long the calling thread has waited for a core so far, in milliseconds. */
interface CoreWaits extends Disposable {
  now(): number;
}

/** As Linux counts it. `undefined` where the system does not count it. */
export function coreWaits(): CoreWaits | undefined {
  const buffer = Buffer.alloc(128);
  try {
    const file = openSync('/proc/thread-self/schedstat', 'r');
    const now = () => {
      const length = readSync(file, buffer, 0, buffer.length, 0);
      // Nanoseconds of running, then of waiting to run.
      return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6;
    };
    return { now, [Symbol.dispose]: () => closeSync(file) };
  } catch {
    return undefined;
  }
}

export interface LongestPauses {
  /** The longest time for which the event loop was held up, in milliseconds. */
  readonly longestMs: number;
  /**
   * The same without the time for which other processes had the core: what is left is code, the
   * collector, and what it waits for itself. `null` where the system does not report it.
   */
  readonly ownMs: number | null;
}

/**
 * Watches how long the event loop is held up at a time: by looking in each of its turns, for which it
 * keeps its core busy, or every so many milliseconds, by which it finds a pause that much longer.
 */
export function watchPauses(everyMs = 0): { stop: () => LongestPauses } {
  const waits = coreWaits();
  const pauses = { longestMs: 0, ownMs: 0 };
  let [lastMs, waitedMs] = [performance.now(), waits?.now() ?? 0];
  const look = () => {
    const pauseMs = performance.now() - lastMs;
    const waitedNowMs = waits?.now() ?? 0;
    pauses.longestMs = Math.max(pauses.longestMs, pauseMs);
    pauses.ownMs = Math.max(pauses.ownMs, pauseMs - (waitedNowMs - waitedMs));
    waitedMs = waitedNowMs;
    // This function's own time does not count.
    lastMs = performance.now();
  };
  let isOver = false;
  const again = () => {
    if (isOver) return;
    look();
    if (everyMs > 0) setTimeout(again, everyMs);
    else setImmediate(again);
  };
  again();
  return {
    stop: () => {
      isOver = true;
      look();
      waits?.[Symbol.dispose]();
      return { ...pauses, ownMs: waits ? pauses.ownMs : null };
    },
  };
}
