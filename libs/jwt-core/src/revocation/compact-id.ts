import { createHash } from 'node:crypto';

/** A 128-bit id as four signed 32-bit words, the form in which the revocation list compares ids. */
export interface CompactId {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/**
 * The compact form of a `jti` or `sid`: a lower-case canonical UUID (RFC 9562 section 4) stands for
 * its own 128 bits, any other string for the first 128 bits of its SHA-256.
 *
 * Upper and lower case are different ids, as they are different strings to RFC 7519.
 */
export function compactId(id: string): CompactId {
  return uuidWords(id) ?? digestWords(id);
}

// By character codes: a third of the time that a pattern and parseInt take, twice on each request.
function uuidWords(id: string): CompactId | undefined {
  if (id.length !== 36) return undefined;
  if (id[8] !== '-' || id[13] !== '-' || id[18] !== '-' || id[23] !== '-') return undefined;
  const a = hex(id, 0);
  const b = hex(id, 4);
  const c = hex(id, 9);
  const d = hex(id, 14);
  const e = hex(id, 19);
  const f = hex(id, 24);
  const g = hex(id, 28);
  const h = hex(id, 32);
  if ((a | b | c | d | e | f | g | h) < 0) return undefined;
  return { a: (a << 16) | b, b: (c << 16) | d, c: (e << 16) | f, d: (g << 16) | h };
}

/** The 16 bits of four lower-case hex digits, or -1. */
function hex(id: string, start: number): number {
  let bits = 0;
  for (let at = start; at < start + 4; at++) {
    const code = id.charCodeAt(at);
    const digit = code <= 0x39 ? code - 0x30 : code >= 0x61 ? code - 0x57 : -1;
    if (digit < 0 || digit > 15) return -1;
    bits = (bits << 4) | digit;
  }
  return bits;
}

function digestWords(id: string): CompactId {
  const digest = createHash('sha256').update(id).digest();
  return {
    a: digest.readInt32BE(0),
    b: digest.readInt32BE(4),
    c: digest.readInt32BE(8),
    d: digest.readInt32BE(12),
  };
}
