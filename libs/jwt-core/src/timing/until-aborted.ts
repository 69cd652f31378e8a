/**
 * Stops waiting for `work` when the signal aborts. The work itself goes on, as others may wait for
 * it too.
 *
 * @param errorOfAbort makes the error to throw; the reason of the signal belongs in its `cause`
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  errorOfAbort: (reason: unknown) => Error,
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stopWaiting = (): void => reject(errorOfAbort(signal.reason));
    if (signal.aborted) stopWaiting();
    signal.addEventListener('abort', stopWaiting, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stopWaiting));
  });
}
