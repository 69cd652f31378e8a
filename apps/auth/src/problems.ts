import type { Problem } from '@jwt-auth/jwt-core';

import { ClientsError, type ClientsErrorCode } from './clients/clients-error.js';
import { KeysError, type KeysErrorCode } from './keys/keys-error.js';
import { SessionsError, type SessionsErrorCode } from './sessions/sessions-error.js';
import { UsersError, type UsersErrorCode } from './users/users.errors.js';

const unauthorized = (code: string, detail: string): Problem => ({
  status: 401,
  code,
  detail,
  // RFC 9110 section 15.5.2: no 401 without a challenge.
  headers: { 'WWW-Authenticate': 'Bearer' },
});

// One for all reasons: the answer must not tell them apart.
const invalidCredentials = unauthorized('invalid_credentials', 'E-mail or password is wrong');

const OF_USERS: Readonly<Record<UsersErrorCode, Problem>> = {
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

const OF_CLIENTS: Readonly<Record<ClientsErrorCode, Problem>> = {
  client_not_found: { status: 404, code: 'not_found' },
  secret_not_found: { status: 404, code: 'not_found' },
  too_many_secrets: { status: 409, code: 'conflict', detail: 'Remove one of the two secrets' },
};

const OF_SESSIONS: Readonly<Record<SessionsErrorCode, Problem>> = {
  refresh_token_invalid: unauthorized('refresh_token_invalid', 'Log in again'),
  refresh_token_expired: unauthorized('refresh_token_expired', 'Log in again'),
  refresh_token_reused: unauthorized(
    'refresh_token_reused',
    'This token was used before. Its session has been ended: log in again',
  ),
  scope_exceeded: { status: 400, code: 'invalid_input', detail: 'The session has no such scope' },
  session_not_found: { status: 404, code: 'not_found' },
  credentials_changed: invalidCredentials,
};

const OF_KEYS: Readonly<Partial<Record<KeysErrorCode, Problem>>> = {
  key_not_found: { status: 404, code: 'not_found' },
  too_many_keys: {
    status: 409,
    code: 'conflict',
    detail: 'Too many retired keys are still published. Wait until their tokens have expired',
  },
};

/** How the errors of this app's domains look from outside. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof KeysError) return OF_KEYS[error.code];
  if (error instanceof ClientsError) return OF_CLIENTS[error.code];
  if (error instanceof SessionsError) return OF_SESSIONS[error.code];
  if (!(error instanceof UsersError)) return undefined;
  const problem = OF_USERS[error.code];
  if (error.retryAfterSeconds === undefined) return problem;
  return { ...problem, headers: { 'Retry-After': String(error.retryAfterSeconds) } };
}
