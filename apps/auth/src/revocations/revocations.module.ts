import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Logger, Module } from '@nestjs/common';

import { Config } from '../config.js';
import { OwnRevocations } from './own-revocations.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationsController } from './revocations.controller.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';

@Module({
  controllers: [RevocationsController],
  providers: [
    RevocationsService,
    RevocationsRepository,
    RevocationFeed,
    OwnRevocations,
    {
      provide: PostgresRevocationSource,
      inject: [Config],
      useFactory: revocationSource,
    },
  ],
  exports: [RevocationsService, RevocationsRepository, RevocationFeed, PostgresRevocationSource],
})
export class RevocationsModule {}

function revocationSource({ databaseUrl }: Config): PostgresRevocationSource {
  const logger = new Logger(PostgresRevocationSource.name);
  return new PostgresRevocationSource({
    connection: databaseUrl,
    onConnectionLost: (reason) => logger.warn('The listening connection was lost', reason),
  });
}
