/**
 * Why there is no token for a client.
 *
 * - `refused`: the issuer will not give one (RFC 6749 section 5.2): credentials, grant or scope are
 *   wrong, and asking again will hardly change that.
 * - `unavailable`: the issuer could not be asked, or did not answer as it should.
 */
export type ClientTokenErrorCode = 'refused' | 'unavailable';

/** Why there is no token for a client. `message` is for logs, and never holds the secret. */
export class ClientTokenError extends Error {
  override readonly name = 'ClientTokenError';
  /** For how long the issuer wants to be left alone, if it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: ClientTokenErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}
