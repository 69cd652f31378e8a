/**
 * Why a source did not tell what is revoked.
 *
 * - `unavailable`: no answer, or only the news that there is none: no connection, an error status.
 * - `timed_out`, `aborted`: no complete answer in time, or before the caller gave up.
 * - `bad_answer`: an answer that cannot be relied on as a whole, so none of it is.
 * - `no_feed`: the issuer's metadata name no revocation feed.
 */
export type RevocationSourceErrorCode =
  'unavailable' | 'timed_out' | 'aborted' | 'bad_answer' | 'no_feed';

/** What a `RevocationSource` rejects with. `message` is for logs. */
export class RevocationSourceError extends Error {
  override readonly name = 'RevocationSourceError';

  constructor(
    readonly code: RevocationSourceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
