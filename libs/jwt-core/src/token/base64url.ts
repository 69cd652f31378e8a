import { TokenError } from './token-error.js';

/**
 * The bytes of one segment, which must be base64url in its one canonical spelling (RFC 7515
 * section 2, RFC 4648 sections 3.5 and 5): no padding, white space or foreign characters, and no
 * unused bits that are set.
 *
 * @throws TokenError `token_invalid`
 */
export function decodeBase64url(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  // Node decodes leniently. A second spelling of the same signature would be a second token.
  if (bytes.toString('base64url') !== segment) {
    throw new TokenError('token_invalid', 'a segment is not canonical base64url');
  }
  return bytes;
}
