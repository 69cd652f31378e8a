import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { TokenError, type TokenErrorCode } from '../verifier/token-error.js';
import { AccessError } from './access-rules.js';

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
    ...(errors && { errors }),
  };
}

/** The HTTP answer for errors of tokens, access, Nest and the framework; 500 for all others. */
export function knownProblem(error: unknown): Problem {
  if (error instanceof TokenError || error instanceof AccessError) return refusalProblem(error);
  if (error instanceof HttpException) return httpExceptionProblem(error);
  return { status: 500, code: 'internal_error' };
}

/** The HTTP answer for a refused caller (RFC 6750 section 3). */
export function refusalProblem(error: TokenError | AccessError): Problem {
  return error instanceof TokenError ? tokenProblem(error) : accessProblem(error);
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

/** A token that was refused, or about which the service cannot know. */
function tokenProblem({ code }: TokenError): Problem {
  return { code, ...TOKEN_PROBLEMS[code] };
}

/** A caller who lacks a scope or a role (RFC 6750 section 3.1). */
function accessProblem({ code, requiredScopes }: AccessError): Problem {
  const scope = requiredScopes.length > 0 ? `, scope="${requiredScopes.join(' ')}"` : '';
  const { headers } = challenge(` error="insufficient_scope"${scope}`);
  return { status: 403, code, headers };
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_input',
  413: 'body_too_large',
  429: 'too_many_attempts',
  500: 'internal_error',
};

/** What Nest, its pipes, its router and the framework below it throw. */
function httpExceptionProblem(exception: HttpException): Problem {
  const status = exception.getStatus();
  const phrase = STATUS_CODES[status] ?? 'unknown';
  return {
    status,
    code: CODES[status] ?? phrase.toLowerCase().replaceAll(/[^a-z]+/g, '_'),
    ...(status < 500 && explain(exception, phrase)),
    // RFC 9110 section 15.5.2: no 401 without a challenge.
    ...(status === 401 && { headers: { 'WWW-Authenticate': 'Bearer' } }),
  };
}

function explain(exception: HttpException, phrase: string): Pick<Problem, 'detail' | 'errors'> {
  const response = exception.getResponse();
  const message: unknown =
    typeof response === 'object' && 'message' in response ? response.message : response;
  if (Array.isArray(message)) return { errors: message.map((fault) => inputFault(String(fault))) };
  if (typeof message !== 'string' || message === phrase) return {};
  return isQuotation(exception) ? {} : { detail: message };
}

/**
 * Whether the message repeats the request: the router quotes the address, a parser the piece of the
 * body that it could not parse, which may be the password.
 */
function isQuotation({ message, cause }: HttpException): boolean {
  return message.startsWith('Cannot ') || (cause instanceof Error && cause.message === message);
}

/** Nest's validation pipes give plain strings, `items.0.quantity: too small`. */
function inputFault(text: string): InputFault {
  const { path = '', message = text } =
    /^(?<path>[\w-]+(?:\.[\w-]+)*): (?<message>.*)$/s.exec(text)?.groups ?? {};
  return { path, message };
}
