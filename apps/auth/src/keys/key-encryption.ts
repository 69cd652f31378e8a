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

/** What secrets are encrypted under at rest: today's key, and the one it takes the place of. */
export class EncryptionKeys {
  constructor(
    readonly current: Buffer,
    private readonly previous?: Buffer,
  ) {}

  /**
   * A stored private key, and whether it lies there under the previous encryption key.
   *
   * @throws KeysError `wrong_encryption_key` when neither fits
   */
  decrypt(stored: Buffer, kid: string): { privateKey: KeyObject; isOutdated: boolean } {
    return this.underEither((key) => ({ privateKey: decryptPrivateKey(stored, kid, key) }));
  }

  /** Whether something may still be encrypted under the previous key. */
  get isChanging(): boolean {
    return this.previous !== undefined;
  }

  /** A secret that is no signing key. @param name of its row, which it is bound to */
  encryptSecret(secret: Buffer, name: string): Buffer {
    return encryptSecret(secret, name, this.current);
  }

  /**
   * What `encryptSecret` encrypted, and whether it lies there under the previous key.
   *
   * @throws Error when neither fits
   */
  decryptSecret(stored: Buffer, name: string): { secret: Buffer; isOutdated: boolean } {
    return this.underEither((key) => ({ secret: decryptSecret(stored, name, key) }));
  }

  private underEither<T>(decrypt: (key: Buffer) => T): T & { isOutdated: boolean } {
    try {
      return { ...decrypt(this.current), isOutdated: false };
    } catch (error) {
      if (this.previous === undefined) throw error;
      return { ...decrypt(this.previous), isOutdated: true };
    }
  }
}
