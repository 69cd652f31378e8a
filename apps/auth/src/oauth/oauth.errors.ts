import { serviceProblem } from '@jwt-auth/chassis';
import { TokenError } from '@jwt-auth/jwt-core';
import { HttpException } from '@nestjs/common';

import { AccessModelError } from '../access/access.errors.js';
import { SessionsError } from '../sessions/sessions.errors.js';

/**
 * What an OAuth endpoint answers instead (RFC 6749 section 5.2).
 *
 * - `invalid_target`: from RFC 8707 section 2.
 * - `temporarily_unavailable`, `server_error`: from RFC 6749 section 4.1.2.1, for what section 5.2
 *   has no word for.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

interface OAuthErrorOptions extends ErrorOptions {
  /** Unless it is what the code commonly has. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const STATUS: Readonly<Partial<Record<OAuthErrorCode, number>>> = {
  invalid_client: 401,
  temporarily_unavailable: 503,
  server_error: 500,
};

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="oauth", charset="UTF-8"' };

/** An error of an OAuth endpoint, as its client gets it. `message` is the `error_description`. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: OAuthErrorCode,
    message: string,
    { status = STATUS[code] ?? 400, headers = {}, ...options }: OAuthErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
    // RFC 9110 section 15.5.2: no 401 without a challenge.
    this.headers = status === 401 ? { ...headers, ...CHALLENGE } : headers;
  }
}

/** The answer under /oauth/ to any error. */
export function oauthErrorOf(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof AccessModelError && error.code === 'invalid_target') {
    return new OAuthError('invalid_target', error.message);
  }
  if (error instanceof SessionsError) {
    if (error.code === 'scope_exceeded') return new OAuthError('invalid_scope', error.message);
    return new OAuthError('invalid_grant', 'The refresh token is invalid, expired or used');
  }
  if (error instanceof HttpException && error.getStatus() < 500) {
    const status = error.getStatus();
    return new OAuthError('invalid_request', 'The request is not one of this endpoint', { status });
  }
  const problem = serviceProblem(error);
  if (problem?.status === 400) return new OAuthError('invalid_request', 'The body was cut off');
  // A token error that came this far is of the issuer's own making: it cannot know just now.
  if (problem || error instanceof TokenError) {
    const headers = problem?.headers ?? { 'Retry-After': '1' };
    return new OAuthError('temporarily_unavailable', 'Try again in a moment', { headers });
  }
  return new OAuthError('server_error', 'Something went wrong');
}
