import type { Problem } from '@jwt-auth/jwt-core';

import { BEARER_CHALLENGE, invalidCredentials } from '../users/users.errors.js';

/**
 * Why a session cannot go on.
 *
 * - `refresh_token_invalid`: unknown, or of a session that was ended.
 * - `refresh_token_expired`: not used for too long, or the session's whole life is over.
 * - `refresh_token_reused`: it had been replaced, and its session is over.
 * - `refresh_token_missing`: neither in the body nor in a cookie.
 * - `refresh_token_ambiguous`: in several cookies.
 * - `cross_site_request`: with a cookie, or to get one, from a page that is not ours.
 * - `scope_exceeded`: a refresh or step-up asked for more than the session has. No refresh token was
 *   spent.
 * - `session_not_found`: this user has no such session that is still open.
 * - `credentials_changed`: the password or the demand of a second factor changed, or the user was
 *   disabled, during a login or step-up.
 * - `ticket_invalid`: of a login that waits for a second factor: unknown, used, expired, or dead.
 */
export type SessionsErrorCode =
  | 'refresh_token_invalid'
  | 'refresh_token_expired'
  | 'refresh_token_reused'
  | 'refresh_token_missing'
  | 'refresh_token_ambiguous'
  | 'cross_site_request'
  | 'scope_exceeded'
  | 'session_not_found'
  | 'credentials_changed'
  | 'ticket_invalid';

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

export const credentialsChanged = (): SessionsError =>
  new SessionsError('credentials_changed', 'The password or the user changed meanwhile');

const unauthorized = (code: SessionsErrorCode, detail: string): Problem => ({
  status: 401,
  code,
  detail,
  headers: BEARER_CHALLENGE,
});

const PROBLEMS: Readonly<Record<SessionsErrorCode, Problem>> = {
  refresh_token_invalid: unauthorized('refresh_token_invalid', 'Log in again'),
  refresh_token_expired: unauthorized('refresh_token_expired', 'Log in again'),
  refresh_token_reused: unauthorized(
    'refresh_token_reused',
    'This token was used before. Its session has been ended: log in again',
  ),
  refresh_token_missing: {
    status: 400,
    code: 'invalid_input',
    errors: [{ path: 'refresh_token', message: 'is missing, and there is no cookie with one' }],
  },
  refresh_token_ambiguous: {
    status: 400,
    code: 'invalid_input',
    detail: 'There are several cookies with a refresh token',
  },
  cross_site_request: {
    status: 403,
    code: 'cross_site_request',
    detail: 'With a cookie: a JSON content type, and Origin or Sec-Fetch-Site of an allowed page',
  },
  scope_exceeded: {
    status: 400,
    code: 'invalid_input',
    detail: 'The session has no such scope',
    errors: [{ path: 'scope', message: 'is more than the session has' }],
  },
  session_not_found: { status: 404, code: 'not_found' },
  credentials_changed: invalidCredentials,
  ticket_invalid: unauthorized('ticket_invalid', 'Log in again, with the password'),
};

/** The HTTP answer to an error of this domain. */
export function sessionsProblem(error: unknown): Problem | undefined {
  return error instanceof SessionsError ? PROBLEMS[error.code] : undefined;
}
