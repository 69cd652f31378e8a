import { algorithmNamed, type SigningAlgorithm } from './signature.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

export const MAX_TOKEN_BYTES = 8192;
const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;
const PLAIN_TYPE = /^(?:application\/)?jwt$/i;
export const MAX_KID_LENGTH = 128;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** By the length of the last group: the unused bits of its last character. */
const UNUSED_BITS = [0, 0, 0b1111, 0b11];
/**
 * 256 bits in canonical base64url: 42 characters of six bits, and a last one with the other four.
 */
export const BASE64URL_32_BYTES = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/** Bytes that are written again for each token, as far as that token needs them. */
class SharedBuffer {
  private view: Buffer;

  constructor(readonly bytes: Buffer) {
    this.view = bytes;
  }

  /** Tokens of one issuer often have the same length: the last view serves again. */
  upTo(length: number): Buffer {
    if (this.view.length !== length) this.view = this.bytes.subarray(0, length);
    return this.view;
  }
}

// One token is verified at a time. Another may be verified only in `mapClaims`, and during a wait
// for a key, after which the token is split again: nothing reads these buffers later. Buffers of
// its own for each token would cost 1.5 µs of 30, in garbage. UTF-8 takes at most three bytes for a
// UTF-16 unit, so that nothing is cut off.
const whole = new SharedBuffer(Buffer.allocUnsafeSlow(3 * MAX_TOKEN_BYTES));
const signed = new SharedBuffer(whole.bytes);
const payload = new SharedBuffer(Buffer.allocUnsafeSlow(MAX_TOKEN_BYTES));
const signature = new SharedBuffer(Buffer.allocUnsafeSlow(MAX_TOKEN_BYTES));

/**
 * The parts of a compact JWS. Only their form has been checked. The buffers are valid until the
 * next token is split: split the token again after waiting for something.
 */
export interface CompactJws {
  /** As it was written: canonical base64url only once `readHeader` has read it. */
  readonly header: string;
  /** The whole token, byte by byte. */
  readonly bytes: Buffer;
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Splits a compact JWS (RFC 7515 sections 3.1 and 5.2): at most 8 KiB, exactly three segments,
 * payload and signature in canonical base64url.
 *
 * @throws TokenError `token_invalid`
 */
export function splitCompactJws(token: string): CompactJws {
  // Oversized tokens (threat:oversized-tokens): before anything that takes longer for a longer
  // text.
  if (token.length > MAX_TOKEN_BYTES) throw new TokenError('token_invalid', 'over 8 KiB');
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (payloadEnd < 0) throw new TokenError('token_invalid', 'fewer than three segments');
  // One byte for each character means ASCII. Of other characters node decodes the low byte alone.
  if (whole.bytes.write(token) !== token.length) throw notCanonical();
  return {
    header: token.slice(0, headerEnd),
    bytes: whole.upTo(token.length),
    signingInput: signed.upTo(payloadEnd),
    payload: payload.upTo(writeBase64url(token.slice(headerEnd + 1, payloadEnd), payload.bytes)),
    // Encrypted tokens (five segments) and signature stripping (threat:signature-stripping) end
    // here or above: a dot is not a base64url character, and no key verifies an empty signature.
    signature: signature.upTo(writeBase64url(token.slice(payloadEnd + 1), signature.bytes)),
  };
}

/** Which key an access token says that it was signed with, and how. */
export interface TokenHeader {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
}

/** What the header of a token may say. */
export interface HeaderRules {
  readonly algorithms: readonly SigningAlgorithm[];
  /** Whether `typ` may also be `JWT` or absent: issuers that do not follow RFC 9068. */
  readonly allowsPlainJwt: boolean;
}

/**
 * Reads the header of an access token (RFC 9068 section 2.1), after all checks of it: `alg` one of
 * the expected, `typ` at+jwt, no extension that must be understood (`crit`, `b64`). Keys in the
 * header (`jwk`, `jku`, `x5c`, `x5u`) are never read: key injection (threat:key-injection) and
 * server-side request forgery (RFC 8725 sections 2.9 and 3.10).
 *
 * @throws TokenError `token_invalid`
 */
export function readHeader(
  segment: string,
  { algorithms, allowsPlainJwt }: HeaderRules,
): TokenHeader {
  const { alg, typ, kid, crit, b64 } = parseJsonObject(decodeBase64url(segment));
  // Algorithm confusion (threat:algorithm-confusion, RFC 8725 section 2.1): the verifier decides on
  // the algorithm. `none` is refused, and a public key is never used as an HMAC secret. `alg`
  // only chooses among the keys of one `kid`, and is compared with that of the key.
  const algorithm = algorithmNamed(alg, algorithms);
  if (algorithm === undefined) {
    throw new TokenError('token_invalid', `alg is not ${algorithms.join(' or ')}`);
  }
  // Cross-JWT confusion (threat:cross-jwt-confusion, RFC 8725 section 2.8): an ID token of the same
  // issuer is not an access token.
  if (!isAccessTokenType(typ) && !(allowsPlainJwt && isPlainJwt(typ))) {
    throw new TokenError('token_invalid', 'typ is not at+jwt');
  }
  // Extension smuggling (threat:extension-smuggling, RFC 7515 section 4.1.11): unknown critical
  // extensions must not be ignored, and with `b64` other bytes would have been signed.
  if (crit !== undefined || b64 !== undefined) {
    throw new TokenError('token_invalid', 'the header has an extension');
  }
  // Kid injection (threat:kid-injection, RFC 8725 section 3.10): it is looked up in a map, and
  // never becomes a path, a query or an endless log line.
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > MAX_KID_LENGTH) {
    throw new TokenError('token_invalid', 'kid is not a string of 1 to 128 characters');
  }
  if (kid.includes('\0')) throw new TokenError('token_invalid', 'kid has a NUL');
  return { kid, algorithm };
}

function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && ACCESS_TOKEN_TYPE.test(typ);
}

function isPlainJwt(typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && PLAIN_TYPE.test(typ));
}

/**
 * Decodes one segment, which must be canonical base64url (RFC 7515 section 2, RFC 4648 sections 3.5
 * and 5): no padding, white space or foreign characters, and all unused bits zero.
 *
 * @param segment in ASCII
 * @throws TokenError `token_invalid`
 */
export function decodeBase64url(segment: string): Buffer {
  const bytes = Buffer.allocUnsafe(segment.length);
  return bytes.subarray(0, writeBase64url(segment, bytes));
}

/**
 * Decodes into the beginning of `target`, which must be long enough.
 *
 * @returns the number of bytes
 * @throws TokenError `token_invalid`
 */
export function writeBase64url(segment: string, target: Buffer): number {
  const written = target.write(segment, 'base64url');
  // Token malleability (threat:token-malleability): node decodes leniently. A second spelling of
  // the same signature would be a second token to code that compares or counts tokens.
  if (!isCanonical(segment, written)) throw notCanonical();
  return written;
}

/**
 * Knows what node's decoder skips and tolerates: to encode the bytes again and compare would cost
 * as much as decoding.
 */
function isCanonical(segment: string, decodedLength: number): boolean {
  const { length } = segment;
  // Each character that node skips makes the result shorter.
  if (length % 4 === 1 || decodedLength !== Math.floor((length * 3) / 4)) return false;
  // The two characters of base64 that base64url replaces: node takes them, too.
  if (segment.includes('+') || segment.includes('/')) return false;
  const unusedBits = UNUSED_BITS[length % 4]!;
  return unusedBits === 0 || (ALPHABET.indexOf(segment[length - 1]!) & unusedBits) === 0;
}

function notCanonical(): TokenError {
  return new TokenError('token_invalid', 'a segment is not canonical base64url');
}
