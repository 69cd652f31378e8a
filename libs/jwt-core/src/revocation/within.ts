import { RevocationSourceError } from './revocation-source.js';

/**
 * Runs work that must end in time, and at once when the signal aborts. Work that ignores both is
 * abandoned.
 *
 * @throws RevocationSourceError `timed_out`, `aborted`, or whatever the work throws before
 */
export async function within<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let giveUp = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, reject) => {
    const end = (code: 'timed_out' | 'aborted', message: string) => {
      const error = new RevocationSourceError(code, message);
      reject(error);
      stop.abort(error);
    };
    giveUp = () => end('aborted', 'Given up');
    timer = setTimeout(() => end('timed_out', `No answer within ${limitMs} ms`), limitMs).unref();
  });
  // Not AbortSignal.any: it leaves listeners on a signal that lives as long as the process.
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([ended, work(stop.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Waits, without keeping the process alive. Resolves early when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
