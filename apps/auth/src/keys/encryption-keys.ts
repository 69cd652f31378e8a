import type { KeyObject } from 'node:crypto';

import { decryptPrivateKey } from './key-encryption.js';

/** What private keys are encrypted under at rest: today's key, and the one it takes the place of. */
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
}
