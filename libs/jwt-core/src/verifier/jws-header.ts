import { decodeBase64url } from './base64url.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
const MAX_KID_LENGTH = 128;

/**
 * The `kid` of an access token's header (RFC 9068 section 2.1), after all demands on the header:
 * `alg` RS256, `typ` at+jwt, no extension that must be understood (`crit`, `b64`). Keys that a
 * header brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at: key injection (threat:key-injection) and
 * server-side request forgery (RFC 8725 sections 2.9 and 3.10) have no line here to begin at.
 *
 * @throws TokenError `token_invalid`
 */
export function readHeader(segment: string): string {
  const { alg, typ, kid, crit, b64 } = parseJsonObject(decodeBase64url(segment));
  // Algorithm confusion (threat:algorithm-confusion), alg none (RFC 8725 section 2.1): the verifier says what the algorithm is,
  // and the public key is never taken for an HMAC secret.
  if (alg !== 'RS256') throw new TokenError('token_invalid', 'alg is not RS256');
  // Cross-JWT confusion (threat:cross-jwt-confusion) (RFC 8725 section 2.8): an ID token of the same issuer is no access token.
  if (typeof typ !== 'string' || !ACCESS_TOKEN_TYPE.test(typ)) {
    throw new TokenError('token_invalid', 'typ is not at+jwt');
  }
  // Extension smuggling (threat:extension-smuggling) (RFC 7515 section 4.1.11): what is not understood is not passed over, and
  // with b64 the bytes that were signed would be other ones.
  if (crit !== undefined || b64 !== undefined) {
    throw new TokenError('token_invalid', 'the header has an extension');
  }
  // Kid injection (threat:kid-injection) (RFC 8725 section 3.10): it is looked up in a map, and never becomes a path, a
  // query or a log line without end.
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > MAX_KID_LENGTH) {
    throw new TokenError('token_invalid', 'kid is not a string of 1 to 128 characters');
  }
  if (kid.includes('\0')) throw new TokenError('token_invalid', 'kid has a NUL');
  return kid;
}
