import { MAX_TOKEN_LIFETIME_MS } from '@jwt-auth/jwt-core';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { developmentKey } from './development-key.js';
import { EncryptionKeys } from './encryption-keys.js';
import { JwksController } from './jwks.controller.js';
import { KeyRing } from './key-ring.js';

/**
 * A retired key is published for so long after its last token has expired: another process may have
 * signed with it for a moment more, and the clock of the one that retired it may be behind.
 */
const FOLLOWING_MS = 60_000;

/** The keys at hand. What changes them is in `key-life.module.ts`. */
@Module({
  controllers: [JwksController],
  providers: [
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
      inject: [DataSource, EncryptionKeys, Config, Clock],
      useFactory: (
        dataSource: DataSource,
        encryptionKeys: EncryptionKeys,
        config: Config,
        clock: Clock,
      ) =>
        KeyRing.open({
          dataSource,
          encryptionKeys,
          now: () => clock.now(),
          // Not ACCESS_TOKEN_TTL: a key may have signed while that was longer.
          retiredLifeMs: MAX_TOKEN_LIFETIME_MS + config.clockToleranceMs + FOLLOWING_MS,
        }),
    },
  ],
  exports: [EncryptionKeys, KeyRing],
})
export class KeysModule {}
