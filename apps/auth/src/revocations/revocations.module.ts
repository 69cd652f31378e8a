import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Logger, Module, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { Config } from '../config.js';
import { DatabaseNotifications } from '../events/database-notifications.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { OwnRevocations } from './own-revocations.js';
import { RevocationEffects } from './revocation-effects.js';
import { RevocationReceipts } from './revocation-receipts.js';
import { RevocationsAdminController } from './revocations.admin.controller.js';
import { RevocationsAdminService } from './revocations.admin.service.js';
import { RevocationsController } from './revocations.controller.js';
import { RevocationsRepository } from './revocations.repository.js';
import { RevocationsService } from './revocations.service.js';

@Module({
  imports: [AuditModule, ReceiptsModule],
  controllers: [RevocationsController, RevocationsAdminController],
  providers: [
    RevocationsService,
    RevocationsRepository,
    RevocationEffects,
    RevocationsAdminService,
    RevocationReceipts,
    OwnRevocations,
    {
      provide: PostgresRevocationSource,
      inject: [Config, DatabaseNotifications],
      useFactory: revocationSource,
    },
  ],
  exports: [PostgresRevocationSource, RevocationEffects, RevocationReceipts, RevocationsService],
})
export class RevocationsModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(private readonly source: PostgresRevocationSource) {}

  /** Readers that wait are answered now, while there is a database to answer from. */
  onModuleDestroy(): void {
    this.source.drain();
  }

  /** By now nothing reads the feed any more: neither a service nor this app's own list. */
  onApplicationShutdown(): void {
    this.source.close();
  }
}

function revocationSource(
  { databaseUrl }: Config,
  notifications: DatabaseNotifications,
): PostgresRevocationSource {
  const logger = new Logger(PostgresRevocationSource.name);
  return new PostgresRevocationSource({
    connection: databaseUrl,
    channels: notifications.handlers,
    onConnectionLost: (reason) => logger.warn('The listening connection was lost', reason),
  });
}
