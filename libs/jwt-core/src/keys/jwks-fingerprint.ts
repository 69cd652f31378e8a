import { createHash, type KeyObject } from 'node:crypto';
import type { VerificationKey } from '../verifier/key-set.js';

/**
 * One short string for a whole key set, independent of the order of the keys: base64url SHA-256
 * over the sorted lines `kid thumbprint` (RFC 7638 thumbprints).
 */
export function jwksFingerprint(keys: Iterable<VerificationKey>): string {
  const lines = Array.from(keys, ({ kid, publicKey }) => `${kid} ${thumbprint(publicKey)}`);
  return sha256(lines.sort().join('\n'));
}

function thumbprint(publicKey: KeyObject): string {
  // Exactly these members, in this order (RFC 7638 section 3.2).
  const { e, kty, n } = publicKey.export({ format: 'jwk' });
  return sha256(JSON.stringify({ e, kty, n }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
