import type { JsonObject } from './strict-json.js';

/** 42 characters of six bits, and a last one for the four that are left of 256. */
const FORM = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Whether it is 256 bits in canonical base64url: 43 characters, of which the last has no unused bits
 * set. That is the form of a reference token, and of no JWT, whose signature alone is longer.
 * Anything else is judged as a JWT, so that no second spelling of a token is ever asked about.
 */
export function isReferenceToken(token: string): boolean {
  return token.length === 43 && FORM.test(token);
}

/**
 * Knows what reference tokens stand for: an introspection endpoint, or the database of the issuer
 * itself.
 */
export interface ReferenceTokenSource {
  /**
   * The claims of a token that is active now, named as introspection names them (RFC 7662 section
   * 2.2): `iss`, `sub`, `aud`, `client_id`, `iat`, `exp`, `jti`, and `sid`, `scope`, `roles`,
   * `claims` where there are any. `undefined` for a token that is not active, whatever the reason,
   * and for what is no access token. The claims become the caller's: they will be frozen.
   *
   * Has to settle in bounded time. Called once for all requests that come with the same new token,
   * and again when the answer is 30 seconds old.
   *
   * @throws TokenError `introspection_unavailable` when nobody can know just now. Any other error
   * reaches the error filter of the application as it is; it lets nobody in, either.
   */
  resolve(token: string): Promise<JsonObject | undefined>;
}
