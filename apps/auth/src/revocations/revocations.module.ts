import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Logger, Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { Config } from '../config.js';
import { OwnRevocations } from './own-revocations.js';
import { RevocationEffects } from './revocation-effects.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationsAdminController } from './revocations.admin.controller.js';
import { RevocationsAdminService } from './revocations.admin.service.js';
import { RevocationsController } from './revocations.controller.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';

@Module({
  imports: [AuditModule],
  controllers: [RevocationsController, RevocationsAdminController],
  providers: [
    RevocationsService,
    RevocationsRepository,
    RevocationFeed,
    RevocationEffects,
    RevocationsAdminService,
    OwnRevocations,
    {
      provide: PostgresRevocationSource,
      inject: [Config],
      useFactory: revocationSource,
    },
  ],
  exports: [
    RevocationsService,
    RevocationsRepository,
    RevocationFeed,
    RevocationEffects,
    PostgresRevocationSource,
  ],
})
export class RevocationsModule {}

function revocationSource({ databaseUrl }: Config): PostgresRevocationSource {
  const logger = new Logger(PostgresRevocationSource.name);
  return new PostgresRevocationSource({
    connection: databaseUrl,
    onConnectionLost: (reason) => logger.warn('The listening connection was lost', reason),
  });
}
