import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { developmentKey } from './development-key.js';
import { JwksController } from './jwks.controller.js';
import { KeyRing } from './key-ring.js';

@Module({
  controllers: [JwksController],
  providers: [
    {
      provide: KeyRing,
      inject: [DataSource, Config, Clock],
      useFactory: (dataSource: DataSource, config: Config, clock: Clock) =>
        KeyRing.open(
          dataSource,
          config.keyEncryptionKey ?? developmentKey(config.dataDirectory),
          clock.now(),
        ),
    },
  ],
  exports: [KeyRing],
})
export class KeysModule {}
