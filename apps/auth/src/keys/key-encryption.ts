import { createPrivateKey, type KeyObject } from 'node:crypto';

import { decrypt, encrypt } from '../crypto/aes-gcm.js';
import { KeysError } from './keys.errors.js';

/** The first byte of what is stored. What `encrypt` returns follows it. */
const VERSION = 1;

/** What secrets are encrypted under at rest: today's key, and the one it takes the place of. */
export class EncryptionKeys {
  constructor(
    private readonly current: Buffer,
    private readonly previous?: Buffer,
  ) {}

  /** Whether something may still be encrypted under the previous key. */
  get isChanging(): boolean {
    return this.previous !== undefined;
  }

  /** A private key as it may lie in the database, bound to its `kid`. */
  encryptPrivateKey(privateKey: KeyObject, kid: string): Buffer {
    return this.encryptSecret(privateKey.export({ format: 'der', type: 'pkcs8' }), nameOf(kid));
  }

  /**
   * What `encryptPrivateKey` encrypted, and whether it lies there under the previous key.
   *
   * @throws KeysError `wrong_encryption_key` for other keys, another kid or altered bytes: the three
   *   look the same.
   */
  decryptPrivateKey(stored: Buffer, kid: string): { privateKey: KeyObject; isOutdated: boolean } {
    try {
      const { secret, isOutdated } = this.decryptSecret(stored, nameOf(kid));
      const privateKey = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
      return { privateKey, isOutdated };
    } catch (cause) {
      throw new KeysError(
        'wrong_encryption_key',
        `The signing key ${kid} cannot be decrypted: it was stored under another KEY_ENCRYPTION_KEY. ` +
          'Start with that one. Nothing was changed.',
        { cause },
      );
    }
  }

  /**
   * A secret as it may lie in the database: AES-256-GCM under today's key.
   *
   * @param name Row swapping (threat:row-swapping). As additional data: what is encrypted for one row
   *   cannot be moved to another.
   */
  encryptSecret(secret: Buffer, name: string): Buffer {
    return Buffer.concat([Buffer.of(VERSION), encrypt(this.current, secret, name)]);
  }

  /**
   * What `encryptSecret` encrypted, and whether it lies there under the previous key.
   *
   * @throws Error for other keys, another name or altered bytes: the three look the same
   */
  decryptSecret(stored: Buffer, name: string): { secret: Buffer; isOutdated: boolean } {
    try {
      return { secret: decryptStored(stored, name, this.current), isOutdated: false };
    } catch (error) {
      if (this.previous === undefined) throw error;
      return { secret: decryptStored(stored, name, this.previous), isOutdated: true };
    }
  }
}

const nameOf = (kid: string): string => `signing-key:${kid}`;

function decryptStored(stored: Buffer, name: string, key: Buffer): Buffer {
  if (stored[0] !== VERSION) throw new Error(`unknown version ${stored[0]}`);
  return decrypt(key, stored.subarray(1), name);
}
