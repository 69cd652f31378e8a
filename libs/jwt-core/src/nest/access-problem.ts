import type { TokenError, TokenErrorCode } from '../verifier/token-error.js';
import type { AccessError } from './access-error.js';
import type { Problem } from './problem.js';

const challenge = (parameters: string) => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Bearer${parameters}` },
});

const retryAfter = (seconds: number) => ({
  status: 503,
  headers: { 'Retry-After': String(seconds) },
});

/** RFC 6750 section 3. Error oracles (threat:error-oracles): of an invalid token never more than that it is. */
const TOKEN_PROBLEMS: Readonly<Record<TokenErrorCode, Omit<Problem, 'code'>>> = {
  token_missing: challenge(''),
  token_invalid: challenge(' error="invalid_token"'),
  token_expired: challenge(' error="invalid_token", error_description="The token expired"'),
  token_revoked: challenge(' error="invalid_token", error_description="The token was revoked"'),
  // The follower is back within two seconds of its source; key sets are fetched every ten at most.
  revocations_stale: retryAfter(2),
  keys_unavailable: retryAfter(10),
  introspection_unavailable: retryAfter(2),
};

/** How HTTP says that a token was refused, or that the service cannot know whether to. */
export function tokenProblem({ code }: TokenError): Problem {
  return { code, ...TOKEN_PROBLEMS[code] };
}

/** How HTTP says that a caller lacks a scope or a role (RFC 6750 section 3.1). */
export function accessProblem({ code, requiredScopes }: AccessError): Problem {
  const scope = requiredScopes.length > 0 ? `, scope="${requiredScopes.join(' ')}"` : '';
  const { headers } = challenge(` error="insufficient_scope"${scope}`);
  return { status: 403, code, headers };
}
