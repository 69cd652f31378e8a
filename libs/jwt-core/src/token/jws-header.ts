import { decodeBase64url } from './base64url.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
const MAX_KID_LENGTH = 128;

/**
 * The `kid` of an access token's header (RFC 9068 section 2.1), after all demands on the header:
 * `alg` RS256, `typ` at+jwt, no extension that must be understood (`crit`, `b64`). Keys that a
 * header brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at (RFC 8725 section 3.10).
 *
 * @throws TokenError `token_invalid`
 */
export function readHeader(segment: string): string {
  const { alg, typ, kid, crit, b64 } = parseJsonObject(decodeBase64url(segment));
  if (alg !== 'RS256') throw new TokenError('token_invalid', 'alg is not RS256');
  if (typeof typ !== 'string' || !ACCESS_TOKEN_TYPE.test(typ)) {
    throw new TokenError('token_invalid', 'typ is not at+jwt');
  }
  if (crit !== undefined || b64 !== undefined) {
    throw new TokenError('token_invalid', 'the header has an extension');
  }
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > MAX_KID_LENGTH) {
    throw new TokenError('token_invalid', 'kid is not a string of 1 to 128 characters');
  }
  return kid;
}
