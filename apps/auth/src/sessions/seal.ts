import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Database theft (threat:database-theft): not from the hash of the token, which is in the database beside
 * what this key protects.
 */
function sealingKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'refresh-token successor', 32));
}

/** Encrypts text (AES-256-GCM) so that only the holder of `token` can read it. */
export function sealUnder(token: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(token), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** @throws Error when it was sealed under another token, or altered */
export function openWith(token: string, sealed: Buffer): string {
  const tagEnd = NONCE_BYTES + TAG_BYTES;
  const decipher = createDecipheriv(
    'aes-256-gcm',
    sealingKey(token),
    sealed.subarray(0, NONCE_BYTES),
    { authTagLength: TAG_BYTES },
  ).setAuthTag(sealed.subarray(NONCE_BYTES, tagEnd));
  return decipher.update(sealed.subarray(tagEnd), undefined, 'utf8') + decipher.final('utf8');
}
