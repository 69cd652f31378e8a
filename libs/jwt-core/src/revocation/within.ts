import { RevocationSourceError } from './revocation-source-error.js';

/**
 * What comes of work that has to end in time, and when the signal says so. Work that ignores both
 * is left behind.
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
  // Not AbortSignal.any: on a signal that lives as long as the process it gathers dead listeners.
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([ended, work(stop.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
