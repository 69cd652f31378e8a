import { MAX_TOKEN_LIFETIME_MS } from '@jwt-auth/jwt-core';
import { Module, type OnModuleInit } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { RevocationEffects } from '../revocations/revocation-effects.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { developmentKey } from './development-key.js';
import { EncryptionKeys } from './key-encryption.js';
import { JwksController } from './jwks.controller.js';
import { KeyRing } from './key-ring.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import { KeysAdminController } from './keys.admin.controller.js';
import { KeysRepository } from './keys.repository.js';

/**
 * A retired key stays published for so long after its last token has expired: another process may
 * have signed with it for a moment more, and the clock of the one that retired it may be behind.
 */
const FOLLOWING_MS = 60_000;

@Module({
  imports: [AuditModule, RevocationsModule],
  controllers: [JwksController, KeysAdminController],
  providers: [
    KeyRotationService,
    KeysRepository,
    KeyWatch,
    {
      provide: EncryptionKeys,
      inject: [Config],
      useFactory: (config: Config) =>
        new EncryptionKeys(
          config.keyEncryptionKey ?? developmentKey(config.dataDirectory),
          config.previousKeyEncryptionKey,
        ),
    },
    {
      provide: KeyRing,
      inject: [KeysRepository, EncryptionKeys, Config, Clock],
      useFactory: (
        keys: KeysRepository,
        encryptionKeys: EncryptionKeys,
        config: Config,
        clock: Clock,
      ) =>
        KeyRing.open({
          keys,
          encryptionKeys,
          clock,
          // Not ACCESS_TOKEN_TTL: a key may have signed while that was longer.
          retiredLifeMs: MAX_TOKEN_LIFETIME_MS + config.clockToleranceMs + FOLLOWING_MS,
        }),
    },
  ],
  exports: [EncryptionKeys, KeyRing, KeyRotationService],
})
export class KeysModule implements OnModuleInit {
  constructor(
    private readonly effects: RevocationEffects,
    private readonly rotation: KeyRotationService,
  ) {}

  onModuleInit(): void {
    this.effects.on('kid', (kid, by) => this.rotation.withdrawIfKnown(kid, by));
  }
}
