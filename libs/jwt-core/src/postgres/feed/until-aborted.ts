import { RevocationSourceError } from '../../revocation/revocation-source-error.js';

/**
 * Lets one who waits give up, without ending what others wait for.
 *
 * @throws RevocationSourceError `aborted`
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(
        new RevocationSourceError('aborted', 'Given up while waiting', { cause: signal.reason }),
      );
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
