import { hkdfSync } from 'node:crypto';

import { decrypt, encrypt } from '../crypto/aes-gcm.js';

/**
 * Database theft (threat:database-theft): not from the hash of the token, which is in the database beside
 * what this key protects.
 */
function sealingKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'refresh-token successor', 32));
}

/** Encrypts text so that only the holder of `token` can read it. */
export function sealUnder(token: string, text: string): Buffer {
  return encrypt(sealingKey(token), Buffer.from(text));
}

/** @throws Error when it was sealed under another token, or altered */
export function openWith(token: string, sealed: Buffer): string {
  return decrypt(sealingKey(token), sealed).toString();
}
