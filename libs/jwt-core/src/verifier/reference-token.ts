import type { JsonObject } from './strict-json.js';

/** In canonical form: 42 characters of six bits, and a last one with the remaining four. */
export const BASE64URL_32_BYTES = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Whether a token is 256 bits in canonical base64url: 43 characters, with the unused bits of the
 * last one zero. Reference tokens have this form, and no JWT has it, as a signature alone is
 * longer. Everything else is verified as a JWT, so that no second spelling of a token is ever
 * introspected.
 */
export function isReferenceToken(token: string): boolean {
  return token.length === 43 && BASE64URL_32_BYTES.test(token);
}

/**
 * Resolves reference tokens to claims: by an introspection endpoint, or by the issuer's own
 * database.
 */
export interface ReferenceTokenSource {
  /**
   * The claims of a token that is active now, with the names of RFC 7662 section 2.2: `iss`, `sub`,
   * `aud`, `client_id`, `iat`, `exp`, `jti`, and `sid`, `scope`, `roles`, `claims` where there are
   * any. `undefined` for every token that is not active, and for what is not an access token. The
   * claims belong to the caller, who freezes them.
   *
   * Must settle in bounded time. Called once for all simultaneous requests with the same new token,
   * and again if the answer is 30 seconds old.
   *
   * @throws TokenError `introspection_unavailable` if it cannot know at present. Any other error is
   * passed to the error filter of the application, and the request is refused.
   */
  resolve(token: string): Promise<JsonObject | undefined>;
}
