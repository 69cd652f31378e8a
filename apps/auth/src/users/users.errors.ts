/**
 * Why something cannot be done for a person. `locks_out`: nobody, or not oneself, could administer
 * any more.
 */
export type UsersErrorCode =
  | 'email_taken'
  | 'registration_closed'
  | 'invalid_credentials'
  | 'too_many_attempts'
  | 'user_not_found'
  | 'locks_out';

interface UsersErrorOptions extends ErrorOptions {
  /** When it is worth trying again. Always given with `too_many_attempts`. */
  readonly retryAfterSeconds?: number;
}

export class UsersError extends Error {
  override readonly name = 'UsersError';
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: UsersErrorCode,
    message: string,
    { retryAfterSeconds, ...options }: UsersErrorOptions = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
