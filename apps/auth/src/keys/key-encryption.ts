import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

import { KeysError } from './keys.errors.js';

// version (1 byte) | nonce (12) | authentication tag (16) | what is encrypted
const VERSION = 1;
const NONCE_END = 13;
const TAG_END = 29;

/**
 * A secret as it may lie in the database: AES-256-GCM under `key`.
 *
 * @param name Row swapping (threat:row-swapping). As additional data: what is encrypted for one row
 *   cannot be moved to another.
 */
export function encryptSecret(secret: Buffer, name: string, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const encrypted = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), encrypted]);
}

/**
 * What `encryptSecret` encrypted.
 *
 * @throws Error for another key, another name or altered bytes: the three cannot be told apart
 */
export function decryptSecret(stored: Buffer, name: string, key: Buffer): Buffer {
  if (stored[0] !== VERSION) throw new Error(`unknown version ${stored[0]}`);
  const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(1, NONCE_END), {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(name))
    .setAuthTag(stored.subarray(NONCE_END, TAG_END));
  return Buffer.concat([decipher.update(stored.subarray(TAG_END)), decipher.final()]);
}

const nameOf = (kid: string): string => `signing-key:${kid}`;

/** A private key as it may lie in the database, bound to its `kid`. */
export function encryptPrivateKey(privateKey: KeyObject, kid: string, key: Buffer): Buffer {
  return encryptSecret(privateKey.export({ format: 'der', type: 'pkcs8' }), nameOf(kid), key);
}

/**
 * What `encryptPrivateKey` encrypted.
 *
 * @throws KeysError `wrong_encryption_key` for another key, another kid or altered bytes: the three
 *   cannot be told apart.
 */
export function decryptPrivateKey(stored: Buffer, kid: string, key: Buffer): KeyObject {
  try {
    const der = decryptSecret(stored, nameOf(kid), key);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new KeysError(
      'wrong_encryption_key',
      `The signing key ${kid} cannot be decrypted: it was stored under another KEY_ENCRYPTION_KEY. ` +
        'Start with that one. Nothing was changed.',
      { cause },
    );
  }
}
