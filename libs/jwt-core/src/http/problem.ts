import { STATUS_CODES } from 'node:http';
import { AccessError } from '../verifier/access.js';
import { TokenError, type TokenErrorCode } from '../verifier/token-error.js';

/** One fault in the input of a request. */
export interface InputFault {
  /** Where, like `items.0.quantity`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** An error as a client sees it (RFC 9457). */
export interface Problem {
  readonly status: number;
  /** For clients to switch on. */
  readonly code: string;
  /** For developers. Without internals of the service and without secrets of the request. */
  readonly detail?: string | undefined;
  readonly errors?: readonly InputFault[] | undefined;
  /** Header fields of the answer, like `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The members of an `application/problem+json` document. `type` is `about:blank`, so that `title`
 * is the phrase of the status (RFC 9457 section 4.2.1). The details are in `code`.
 */
export function problemDocument({ status, code, detail, errors }: Problem) {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    ...(detail && { detail }),
    ...((errors ?? code === 'invalid_input') && {
      // A client that shows `errors` has something to show, also if no member is at fault.
      errors: errors ?? [{ path: '', message: detail ?? 'cannot be read' }],
    }),
  };
}

/** The header fields of its answer. */
export function problemHeaders({ headers }: Problem): Readonly<Record<string, string>> {
  return { ...headers, 'Content-Type': 'application/problem+json' };
}

const challenge = (parameters: string) => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Bearer${parameters}` },
});

const retryAfter = (seconds: number) => ({
  status: 503,
  headers: { 'Retry-After': String(seconds) },
});

/**
 * RFC 6750 section 3. Error oracles (threat:error-oracles): of an invalid token never more than
 * that it is invalid.
 */
const TOKEN_PROBLEMS: Readonly<Record<TokenErrorCode, Omit<Problem, 'code'>>> = {
  token_missing: challenge(''),
  token_invalid: challenge(' error="invalid_token"'),
  token_expired: challenge(' error="invalid_token", error_description="The token expired"'),
  token_revoked: challenge(' error="invalid_token", error_description="The token was revoked"'),
  // A follower reads again within two seconds of the return of its feed; keys are fetched every ten
  // seconds at most.
  revocations_stale: retryAfter(2),
  keys_unavailable: retryAfter(10),
  introspection_unavailable: retryAfter(2),
};

/** The answer to an error that no client may know more about. */
export const INTERNAL_ERROR: Problem = { status: 500, code: 'internal_error' };

/** Why a caller is refused. */
export type RefusalCause = TokenError | AccessError;

export function isRefusalCause(error: unknown): error is RefusalCause {
  return error instanceof TokenError || error instanceof AccessError;
}

/** The HTTP answer for a refused caller (RFC 6750 section 3). */
export function refusalProblem(error: RefusalCause): Problem {
  return error instanceof TokenError ? tokenProblem(error) : accessProblem(error);
}

/** An HTTP answer for any framework. */
export interface ProblemAnswer {
  readonly status: number;
  /** `Content-Type`, with a `WWW-Authenticate` challenge or `Retry-After` where there is one. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body: ReturnType<typeof problemDocument>;
}

/**
 * The answer to a refusal, as RFC 6750 and RFC 9457 require: to a TokenError or an AccessError.
 * Any other error is a 500 that says nothing of it, so log that one.
 */
export function problemOf(error: unknown): ProblemAnswer {
  const problem = isRefusalCause(error) ? refusalProblem(error) : INTERNAL_ERROR;
  return {
    status: problem.status,
    headers: problemHeaders(problem),
    body: problemDocument(problem),
  };
}

/** A token that was refused, or about which the service cannot know. */
function tokenProblem({ code }: TokenError): Problem {
  return { code, ...TOKEN_PROBLEMS[code] };
}

/**
 * A caller who lacks a scope or a role (RFC 6750 section 3.1), or a login that is enough (RFC 9470
 * section 3).
 */
function accessProblem({ code, requiredScopes, authentication }: AccessError): Problem {
  if (code === 'insufficient_user_authentication') {
    const { maxAgeSeconds, acrValues } = authentication ?? {};
    const age = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
    const acr = acrValues ? `, acr_values="${acrValues.join(' ')}"` : '';
    return { code, ...challenge(` error="${code}"${age}${acr}`) };
  }
  const scope = requiredScopes.length > 0 ? `, scope="${requiredScopes.join(' ')}"` : '';
  const { headers } = challenge(` error="insufficient_scope"${scope}`);
  return { status: 403, code, headers };
}
