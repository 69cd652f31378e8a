import { TokenError } from './token-error.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By the length of the last group, the bits of its last character that stand for nothing. */
const UNUSED_BITS = [0, 0, 0b1111, 0b11];

/**
 * The bytes of one segment, which must be base64url in its one canonical spelling (RFC 7515
 * section 2, RFC 4648 sections 3.5 and 5): no padding, white space or foreign characters, and no
 * unused bits that are set.
 *
 * @param segment in ASCII
 * @throws TokenError `token_invalid`
 */
export function decodeBase64url(segment: string): Buffer {
  const bytes = Buffer.allocUnsafe(segment.length);
  return bytes.subarray(0, writeBase64url(segment, bytes));
}

/**
 * The same, written to the beginning of `target`, which must be long enough.
 *
 * @returns how many bytes
 * @throws TokenError `token_invalid`
 */
export function writeBase64url(segment: string, target: Buffer): number {
  const written = target.write(segment, 'base64url');
  // Token malleability (threat:token-malleability): node decodes leniently, and a second spelling of the same signature would
  // be a second token to whoever compares or counts them.
  if (!isCanonical(segment, written)) throw notCanonical();
  return written;
}

/**
 * By what node leaves out and lets pass: encoding the bytes again would cost as much as decoding.
 */
function isCanonical(segment: string, decodedLength: number): boolean {
  const { length } = segment;
  // Each character that node skips makes the result shorter.
  if (length % 4 === 1 || decodedLength !== Math.floor((length * 3) / 4)) return false;
  // The two characters of base64 that base64url replaced, which node takes as well.
  if (segment.includes('+') || segment.includes('/')) return false;
  const unusedBits = UNUSED_BITS[length % 4]!;
  return unusedBits === 0 || (ALPHABET.indexOf(segment[length - 1]!) & unusedBits) === 0;
}

export function notCanonical(): TokenError {
  return new TokenError('token_invalid', 'a segment is not canonical base64url');
}
