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

/** Exactly these members, in this order (RFC 7638 section 3.2, RFC 8037 section 2). */
const REQUIRED_MEMBERS: Readonly<Record<string, string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

function thumbprint(publicKey: KeyObject): string {
  const jwk = publicKey.export({ format: 'jwk' });
  return sha256(JSON.stringify(jwk, REQUIRED_MEMBERS[jwk.kty ?? '']));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
