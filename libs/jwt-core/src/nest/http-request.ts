import type { IncomingMessage } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../verifier/claims.js';
import { TokenError } from '../verifier/token-error.js';
import type { VerdictCounts } from '../verifier/verdict-counts.js';

type NodeRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** Node's request, which Express extends, or Fastify's, which keeps node's under `raw`. */
export type HttpRequest = NodeRequest | { readonly raw: NodeRequest };

/** A request whose token was verified. */
export interface AuthenticatedRequest {
  principal?: Principal;
}

/**
 * The request that a guard judges.
 *
 * @throws Error for a message, a socket or a GraphQL call. They carry credentials elsewhere, and a
 * guard denies what it does not know.
 */
export function httpRequestOf(context: ExecutionContext): HttpRequest {
  const type = context.getType<string>();
  if (type !== 'http') {
    throw new Error(`Only HTTP requests can be let in by a bearer token, not a call over ${type}.`);
  }
  // Not switchToHttp(): it makes three closures, for each request and each guard.
  return context.getArgByIndex<HttpRequest>(0);
}

/** Makes the verified caller known to everything that handles the request after the guard. */
export function attachPrincipal(request: object, principal: Principal): void {
  (request as AuthenticatedRequest).principal = principal;
}

/** The verified caller. `undefined` on a public route. */
export function principalOf(request: object): Principal | undefined {
  return (request as AuthenticatedRequest).principal;
}

/**
 * `bearerToken`, with a refusal counted among the verdicts of the verifier, which never sees it.
 *
 * @throws TokenError see `bearerToken`
 */
export function countedBearerToken(request: HttpRequest, verdicts: VerdictCounts): string {
  try {
    return bearerToken(request);
  } catch (error) {
    verdicts.noteRefusal(error);
    throw error;
  }
}

/**
 * The credentials of a request: what follows `Bearer` in its one `Authorization` header (RFC 6750
 * section 2.1). Query and body are never read: token leakage (threat:token-leakage) by logs,
 * referrers and forms. The verifier checks whether the rest has the form of a token.
 *
 * @throws TokenError `token_missing` without credentials, with those of another scheme, and with
 * two headers; `token_invalid` if nothing follows the scheme.
 */
export function bearerToken(request: HttpRequest): string {
  const { headers, rawHeaders } = 'raw' in request ? request.raw : request;
  const credentials = headers.authorization;
  if (credentials === undefined) throw new TokenError('token_missing', 'no Authorization header');
  if (hasTwoAuthorizations(rawHeaders)) {
    throw new TokenError('token_missing', 'two Authorization headers');
  }
  // The form of almost every request: one slice, without a look at each character.
  if (credentials.startsWith('Bearer ') && credentials.charCodeAt(7) > SPACE) {
    return credentials.slice(7);
  }
  return unusualBearerToken(credentials);
}

const SPACE = 0x20;

/** Schemes are case-insensitive, and any number of spaces may follow (RFC 9110 section 11). */
const CREDENTIALS = /^(?<scheme>[\w!#$%&'*+.^`|~-]*)(?<spaces> *)(?<token>.*)$/s;

function unusualBearerToken(credentials: string): string {
  const { scheme, spaces, token } = CREDENTIALS.exec(credentials)?.groups ?? {};
  if (scheme?.toLowerCase() !== 'bearer') {
    throw new TokenError('token_missing', 'credentials of another scheme');
  }
  if (!spaces || !token) throw new TokenError('token_invalid', 'no token after Bearer');
  return token;
}

/**
 * Credential smuggling (threat:credential-smuggling): node keeps the first of two headers and drops
 * the other silently, where a proxy may have judged the second.
 */
function hasTwoAuthorizations(rawHeaders: readonly string[]): boolean {
  let seen = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
