import type { IncomingMessage } from 'node:http';
import { TokenError } from '../verifier/token-error.js';

type NodeRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** Node's request (which Express' is, too), or Fastify's, which keeps node's under `raw`. */
export type HttpRequest = NodeRequest | { readonly raw: NodeRequest };

/**
 * The credentials of a request: what follows `Bearer` in its one `Authorization` header (RFC 6750
 * section 2.1). Query and body are never looked at: token leakage (threat:token-leakage) by logs, referrers and forms.
 * Whether the rest has the form of a token is for the verifier to say.
 *
 * @throws TokenError `token_missing` without credentials, with those of another scheme, and with
 * two headers; `token_invalid` when nothing follows the scheme.
 */
export function bearerToken(request: HttpRequest): string {
  const { headers, rawHeaders } = 'raw' in request ? request.raw : request;
  const credentials = headers.authorization;
  if (credentials === undefined) throw new TokenError('token_missing', 'no Authorization header');
  if (hasTwoAuthorizations(rawHeaders)) {
    throw new TokenError('token_missing', 'two Authorization headers');
  }
  // One slice and no look at each character: this is the path of every request.
  if (credentials.startsWith('Bearer ') && credentials.charCodeAt(7) > SPACE) {
    return credentials.slice(7);
  }
  return unusualBearerToken(credentials);
}

const SPACE = 0x20;

/** Schemes are case-insensitive and any number of spaces may follow (RFC 9110 section 11). */
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
 * Credential smuggling (threat:credential-smuggling): node keeps the first of two and drops the other silently, where a proxy may
 * have judged the second.
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
