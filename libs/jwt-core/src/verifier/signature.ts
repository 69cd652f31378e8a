import { createVerify, type KeyObject } from 'node:crypto';
import type { CompactJws } from './compact-jws.js';

/** Whether the RSASSA-PKCS1-v1_5 SHA-256 signature (RFC 7518 section 3.3) is by this RSA key. */
export function isSignedBy(
  publicKey: KeyObject,
  { signingInput, signature }: Pick<CompactJws, 'signingInput' | 'signature'>,
): boolean {
  // Signature forgery (threat:signature-forgery) by lax padding (Bleichenbacher 2006) is OpenSSL's to refuse: it compares the
  // whole encoded message. No cryptography of our own.
  // Not `verify`, whose job object takes a microsecond more.
  return createVerify('sha256').update(signingInput).verify(publicKey, signature);
}
