import { decodeBase64url } from './base64url.js';
import { TokenError } from './token-error.js';

const MAX_TOKEN_BYTES = 8192;

/** The parts of a compact JWS, of which nothing but the form has been looked at. */
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
  if (token.length > MAX_TOKEN_BYTES) throw new TokenError('token_invalid', 'over 8 KiB');
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (payloadEnd < 0) throw new TokenError('token_invalid', 'fewer than three segments');
  const bytes = Buffer.from(token, 'latin1');
  return {
    header: token.slice(0, headerEnd),
    bytes,
    signingInput: bytes.subarray(0, payloadEnd),
    payload: decodeBase64url(token.slice(headerEnd + 1, payloadEnd)),
    // A fourth segment is refused here: a dot is no base64url character.
    signature: decodeBase64url(token.slice(payloadEnd + 1)),
  };
}
