import type { KeyObject } from 'node:crypto';

import { decryptPrivateKey, decryptSecret, encryptSecret } from './key-encryption.js';

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
    try {
      return { privateKey: decryptPrivateKey(stored, kid, this.current), isOutdated: false };
    } catch (error) {
      if (this.previous === undefined) throw error;
      return { privateKey: decryptPrivateKey(stored, kid, this.previous), isOutdated: true };
    }
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
    try {
      return { secret: decryptSecret(stored, name, this.current), isOutdated: false };
    } catch (error) {
      if (this.previous === undefined) throw error;
      return { secret: decryptSecret(stored, name, this.previous), isOutdated: true };
    }
  }
}
