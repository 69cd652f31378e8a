import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TokenError } from '../verifier/token-error.js';

/** Node's request, of HTTP/1 or HTTP/2, which Express extends and Fastify keeps as `raw`. */
export type NodeRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** `Headers` of the Fetch standard. */
export interface FetchHeaders {
  get(name: string): string | null;
}

/**
 * The credentials of a request: what follows `Bearer` in its one `Authorization` header (RFC 6750
 * section 2.1). Query and body are never read: token leakage (threat:token-leakage) by logs,
 * referrers and forms. The verifier checks whether the rest has the form of a token.
 *
 * Give it node's request rather than its `headers` where there is one: of two `Authorization`
 * headers, `headers` holds only the first.
 *
 * @throws TokenError `token_missing` without credentials, with those of another scheme, and with
 * two headers; `token_invalid` if nothing follows the scheme.
 */
export function bearerToken(from: NodeRequest | IncomingHttpHeaders | FetchHeaders): string {
  const credentials = isNodeRequest(from) ? onlyCredentials(from) : credentialsIn(from);
  // From JavaScript, too: a framework may give an array.
  if (typeof credentials !== 'string') {
    throw new TokenError('token_missing', 'no Authorization header');
  }
  // The form of almost every request: one slice, without a look at each character.
  if (credentials.startsWith('Bearer ') && credentials.charCodeAt(7) > SPACE) {
    return credentials.slice(7);
  }
  return unusualBearerToken(credentials);
}

/** Whether a request has a bearer token, or something that must not pass for having none. */
export function hasBearerToken({ headers, rawHeaders }: NodeRequest): boolean {
  const { authorization } = headers;
  if (authorization === undefined) return false;
  return BEARER_SCHEME.test(authorization) || hasTwoAuthorizations(rawHeaders);
}

/** The value of a header is never an array where node parsed it, but for `set-cookie`. */
function isNodeRequest(from: object): from is NodeRequest {
  return Array.isArray((from as NodeRequest).rawHeaders);
}

function onlyCredentials({ headers, rawHeaders }: NodeRequest): string | undefined {
  if (hasTwoAuthorizations(rawHeaders)) throw twoHeaders();
  return headers.authorization;
}

function credentialsIn(headers: IncomingHttpHeaders | FetchHeaders): unknown {
  if (!isFetchHeaders(headers)) {
    // Node writes names in lower case. Platforms that hand over an event may not.
    const { authorization, Authorization } = headers;
    if (authorization !== undefined && Authorization !== undefined) throw twoHeaders();
    return authorization ?? Authorization;
  }
  const credentials = headers.get('authorization');
  // The Fetch standard joins the values of two headers with ', ', which no token contains.
  if (credentials?.includes(', ')) throw twoHeaders();
  return credentials;
}

function isFetchHeaders(headers: IncomingHttpHeaders | FetchHeaders): headers is FetchHeaders {
  return typeof headers.get === 'function';
}

const twoHeaders = () => new TokenError('token_missing', 'two Authorization headers');

const SPACE = 0x20;

/** Of the name of a scheme (RFC 9110 section 5.6.2). */
const TOKEN_CHARACTER = "[\\w!#$%&'*+.^`|~-]";
/** What `unusualBearerToken` takes for the scheme, whatever follows it. */
const BEARER_SCHEME = new RegExp(`^bearer(?!${TOKEN_CHARACTER})`, 'i');

/** Schemes are case-insensitive, and any number of spaces may follow (RFC 9110 section 11). */
const CREDENTIALS = new RegExp(`^(?<scheme>${TOKEN_CHARACTER}*)(?<spaces> *)(?<token>.*)$`, 's');

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
