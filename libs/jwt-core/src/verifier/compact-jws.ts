import { notCanonical, writeBase64url } from './base64url.js';
import { TokenError } from './token-error.js';

const MAX_TOKEN_BYTES = 8192;

/** The beginning of bytes that are written anew for each token. */
class Beginning {
  private view: Buffer;

  constructor(readonly bytes: Buffer) {
    this.view = bytes;
  }

  /** Tokens of one issuer are often equally long: then no view is made anew. */
  upTo(length: number): Buffer {
    if (this.view.length !== length) this.view = this.bytes.subarray(0, length);
    return this.view;
  }
}

// One token at a time is taken apart. Buffers made for each would cost as much as reading it, and
// these are never handed out beyond the call that verifies it. UTF-8 takes three bytes at most for
// a UTF-16 unit, so that nothing is ever cut off.
const whole = new Beginning(Buffer.allocUnsafeSlow(3 * MAX_TOKEN_BYTES));
const signed = new Beginning(whole.bytes);
const payload = new Beginning(Buffer.allocUnsafeSlow(MAX_TOKEN_BYTES));
const signature = new Beginning(Buffer.allocUnsafeSlow(MAX_TOKEN_BYTES));

/**
 * The parts of a compact JWS, of which nothing but the form has been looked at. Its buffers hold
 * until the next token is taken apart: whoever has to wait takes this one apart again.
 */
export interface CompactJws {
  /** The header as it was written: canonical base64url only once `readHeader` has read it. */
  readonly header: string;
  /** The whole token, byte by byte. */
  readonly bytes: Buffer;
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a compact JWS apart (RFC 7515 sections 3.1 and 5.2): at most 8 KiB, exactly three segments,
 * payload and signature in canonical base64url.
 *
 * @throws TokenError `token_invalid`
 */
export function splitCompactJws(token: string): CompactJws {
  // Oversized tokens (threat:oversized-tokens): before anything that takes longer for a longer text.
  if (token.length > MAX_TOKEN_BYTES) throw new TokenError('token_invalid', 'over 8 KiB');
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (payloadEnd < 0) throw new TokenError('token_invalid', 'fewer than three segments');
  // A byte for each character means ASCII: node's decoder would look at a code's low byte alone.
  if (whole.bytes.write(token) !== token.length) throw notCanonical();
  return {
    header: token.slice(0, headerEnd),
    bytes: whole.upTo(token.length),
    signingInput: signed.upTo(payloadEnd),
    payload: payload.upTo(writeBase64url(token.slice(headerEnd + 1, payloadEnd), payload.bytes)),
    // Encrypted tokens (five segments) and signature stripping (threat:signature-stripping) end here or
    // above: a dot is no base64url character, and an empty signature verifies with no key.
    signature: signature.upTo(writeBase64url(token.slice(payloadEnd + 1), signature.bytes)),
  };
}
