/**
 * Why a request is refused.
 *
 * - `token_missing`: no bearer token in the request (RFC 6750 section 2).
 * - `token_invalid`: form, signature, issuer, audience or claims are wrong.
 * - `token_expired`, `token_revoked`: only of a token that the issuer vouches for.
 * - `keys_unavailable`, `introspection_unavailable`, `revocations_stale`: the service cannot know.
 *   The caller may retry.
 */
export type TokenErrorCode =
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_revoked'
  | 'keys_unavailable'
  | 'introspection_unavailable'
  | 'revocations_stale';

/** Why a token was refused. Switch on `code`; `message` is for logs, never for clients. */
export class TokenError extends Error {
  override readonly name = 'TokenError';

  constructor(
    readonly code: TokenErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
