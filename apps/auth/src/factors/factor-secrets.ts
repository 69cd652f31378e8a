import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';

import { EncryptionKeys } from '../keys/key-encryption.js';
import { FactorsRepository } from './factors.repository.js';

const BATCH = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** A secret cannot be moved to another user (threat:row-swapping). */
const nameOf = (userId: string): string => `totp:${userId}`;

/** The secrets of authenticator apps, encrypted at rest as signing keys are. */
@Injectable()
export class FactorSecrets implements OnModuleInit {
  private readonly logger = new Logger(FactorSecrets.name);

  constructor(
    private readonly keys: EncryptionKeys,
    private readonly factors: FactorsRepository,
  ) {}

  /** Encrypts anew what is there under the previous key, which the next start then no longer needs. */
  async onModuleInit(): Promise<void> {
    if (!this.keys.isChanging) return;
    let last = FIRST_ID;
    let unreadable = 0;
    for (;;) {
      const batch = await this.factors.secretsAfter(last, BATCH);
      for (const factor of batch) {
        last = factor.id;
        const opened = this.tryOpen(factor.userId, factor.secret);
        if (!opened) unreadable += 1;
        else if (opened.isOutdated) {
          await this.factors.replaceSecret(factor, this.seal(factor.userId, opened.secret));
        }
      }
      if (batch.length < BATCH) break;
    }
    if (unreadable > 0) {
      this.logger.error(
        'Secrets of authenticator apps are encrypted under an unknown key: these users need a ' +
          'recovery code, or an administrator who resets their factors',
        { unreadable },
      );
    }
  }

  seal(userId: string, secret: Buffer): Buffer {
    return this.keys.encryptSecret(secret, nameOf(userId));
  }

  /** `undefined` if it is encrypted under an unknown key, or for another user. */
  tryOpen(userId: string, stored: Buffer): { secret: Buffer; isOutdated: boolean } | undefined {
    try {
      return this.keys.decryptSecret(stored, nameOf(userId));
    } catch {
      return undefined;
    }
  }
}
