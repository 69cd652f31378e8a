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
