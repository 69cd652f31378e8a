import type { Problem } from '@jwt-auth/jwt-core';

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

/** The same for all reasons: the answer must not say whether the e-mail has an account. */
export const invalidCredentials: Problem = {
  status: 401,
  code: 'invalid_credentials',
  detail: 'E-mail or password is wrong',
  // RFC 9110 section 15.5.2: no 401 without a challenge.
  headers: { 'WWW-Authenticate': 'Bearer' },
};

const PROBLEMS: Readonly<Record<UsersErrorCode, Problem>> = {
  email_taken: { status: 409, code: 'email_taken', detail: 'This e-mail has an account' },
  registration_closed: {
    status: 403,
    code: 'registration_closed',
    detail: 'Only an administrator makes users here',
  },
  invalid_credentials: invalidCredentials,
  too_many_attempts: { status: 429, code: 'too_many_attempts' },
  user_not_found: { status: 404, code: 'not_found' },
  locks_out: {
    status: 409,
    code: 'conflict',
    detail: 'Another administrator has to do this, and one has to remain',
  },
};

/** The HTTP answer to an error of this domain. */
export function usersProblem(error: unknown): Problem | undefined {
  if (!(error instanceof UsersError)) return undefined;
  const problem = PROBLEMS[error.code];
  if (error.retryAfterSeconds === undefined) return problem;
  return { ...problem, headers: { 'Retry-After': String(error.retryAfterSeconds) } };
}
