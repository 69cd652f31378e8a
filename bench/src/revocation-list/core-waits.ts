import { closeSync, openSync, readSync } from 'node:fs';

/** How long the calling thread has waited for a core so far, in milliseconds. */
export interface CoreWaits extends Disposable {
  now(): number;
}

/** As Linux counts it. `undefined` where nobody does. */
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
