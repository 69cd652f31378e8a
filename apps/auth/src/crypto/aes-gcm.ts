import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TAG_END = NONCE_BYTES + TAG_BYTES;

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D): the nonce, the authentication tag, and what is encrypted.
 *
 * @param boundTo additional data: with other data it cannot be decrypted
 */
export function encrypt(key: Buffer, plain: Buffer, boundTo = ''): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(boundTo));
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
}

/** @throws Error for another key, other additional data or altered bytes: the three look the same */
export function decrypt(key: Buffer, sealed: Buffer, boundTo = ''): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), {
    // Otherwise a shorter tag, which is easier to guess, would do.
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(boundTo))
    .setAuthTag(sealed.subarray(NONCE_BYTES, TAG_END));
  return Buffer.concat([decipher.update(sealed.subarray(TAG_END)), decipher.final()]);
}
