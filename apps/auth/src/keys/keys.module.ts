import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { developmentKey } from './development-key.js';
import { EncryptionKeys } from './encryption-keys.js';
import { JwksController } from './jwks.controller.js';
import { KeyRing } from './key-ring.js';

/**
 * The most that `ACCESS_TOKEN_TTL` can say. Not what it says now: a key may have signed while it said
 * more, and nothing is lost by publishing one for longer whose private half is erased.
 */
const LONGEST_TOKEN_MS = 86_400_000;
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
          retiredLifeMs: LONGEST_TOKEN_MS + config.clockToleranceMs + FOLLOWING_MS,
        }),
    },
  ],
  exports: [EncryptionKeys, KeyRing],
})
export class KeysModule {}
