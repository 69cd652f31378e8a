/**
 * Why a session cannot go on.
 *
 * - `refresh_token_invalid`: unknown, or of a session that was ended.
 * - `refresh_token_expired`: not used for too long, or the session's whole life is over.
 * - `refresh_token_reused`: it had been replaced. Whoever held it, its session is over.
 * - `scope_exceeded`: a refresh asked for more than the session has. Its token was not spent.
 * - `session_not_found`: none of this person that is still alive.
 * - `credentials_changed`: the password or the person's standing changed while they logged in.
 */
export type SessionsErrorCode =
  | 'refresh_token_invalid'
  | 'refresh_token_expired'
  | 'refresh_token_reused'
  | 'scope_exceeded'
  | 'session_not_found'
  | 'credentials_changed';

export class SessionsError extends Error {
  override readonly name = 'SessionsError';

  constructor(
    readonly code: SessionsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
