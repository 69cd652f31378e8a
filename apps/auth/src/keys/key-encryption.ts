import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

import { KeysError } from './keys.errors.js';

// version (1 byte) | nonce (12) | authentication tag (16) | PKCS #8, encrypted
const VERSION = 1;
const NONCE_END = 13;
const TAG_END = 29;

/** Row swapping (threat:row-swapping). A kid as additional data: a row's private key cannot be moved under another's name. */
const additionalData = (kid: string): Buffer => Buffer.from(`signing-key:${kid}`);

/** A private key as it may lie in the database: AES-256-GCM under `key`, bound to its `kid`. */
export function encryptPrivateKey(privateKey: KeyObject, kid: string, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(kid));
  const encrypted = Buffer.concat([
    cipher.update(privateKey.export({ format: 'der', type: 'pkcs8' })),
    cipher.final(),
  ]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), encrypted]);
}

/**
 * What `encryptPrivateKey` encrypted.
 *
 * @throws KeysError `wrong_encryption_key` for another key, another kid or altered bytes: the three
 *   cannot be told apart.
 */
export function decryptPrivateKey(stored: Buffer, kid: string, key: Buffer): KeyObject {
  try {
    if (stored[0] !== VERSION) throw new Error(`unknown version ${stored[0]}`);
    const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(1, NONCE_END), {
      authTagLength: 16,
    })
      .setAAD(additionalData(kid))
      .setAuthTag(stored.subarray(NONCE_END, TAG_END));
    const der = Buffer.concat([decipher.update(stored.subarray(TAG_END)), decipher.final()]);
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
