import type { Problem } from '@jwt-auth/jwt-core';

/**
 * Why a request about a user is refused. `locks_out`: administrators would lose their own role, or no
 * administrator would remain.
 */
export type UsersErrorCode =
  | 'email_taken'
  | 'registration_closed'
  | 'invalid_credentials'
  | 'too_many_attempts'
  | 'user_not_found'
  | 'password_breached'
  | 'password_guessable'
  | 'locks_out';

interface UsersErrorOptions extends ErrorOptions {
  /** When to try again. Always set with `too_many_attempts`. */
  readonly retryAfterSeconds?: number;
  /** Of the member of the request that is wrong. Always set with `password_breached` and `password_guessable`. */
  readonly path?: string;
}

export class UsersError extends Error {
  override readonly name = 'UsersError';
  readonly retryAfterSeconds: number | undefined;
  readonly path: string | undefined;

  constructor(
    readonly code: UsersErrorCode,
    message: string,
    { retryAfterSeconds, path, ...options }: UsersErrorOptions = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
    this.path = path;
  }
}

/** @throws UsersError `user_not_found` */
export function userNotFound(id: string): never {
  throw new UsersError('user_not_found', `There is no user ${id}`);
}

/** RFC 9110 section 15.5.2: every 401 has a challenge. */
export const BEARER_CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

/** The same for all reasons: the answer must not say whether the e-mail has an account. */
export const invalidCredentials: Problem = {
  status: 401,
  code: 'invalid_credentials',
  detail: 'E-mail or password is wrong',
  headers: BEARER_CHALLENGE,
};

/** What is wrong with a new password. */
export const PASSWORD_FAULTS = {
  password_breached: 'is in a list of passwords that were stolen elsewhere',
  password_guessable:
    'is made of words that a guesser knows: the e-mail, or the name of this service',
};
const FAULTS: Readonly<Partial<Record<UsersErrorCode, string>>> = PASSWORD_FAULTS;

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
  password_breached: { status: 400, code: 'invalid_input' },
  password_guessable: { status: 400, code: 'invalid_input' },
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
  if (error.path !== undefined) {
    const message = FAULTS[error.code] ?? error.message;
    return { ...problem, errors: [{ path: error.path, message }] };
  }
  if (error.retryAfterSeconds === undefined) return problem;
  return { ...problem, headers: { 'Retry-After': String(error.retryAfterSeconds) } };
}
