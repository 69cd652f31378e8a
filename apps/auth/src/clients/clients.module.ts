import { Module, type OnModuleInit } from '@nestjs/common';

import { AccessChanges } from '../access/access-changes.js';
import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientSecretsService } from './client-secrets.service.js';
import { ClientsAdminController } from './clients.admin.controller.js';
import { ClientsRepository } from './clients.repository.js';
import { ClientsService } from './clients.service.js';
import { DemoClient } from './demo-client.js';
import { IntrospectionNotice } from './introspection-notice.js';

@Module({
  imports: [AccessModule, AuditModule, RevocationsModule],
  controllers: [ClientsAdminController],
  providers: [
    ClientsService,
    ClientsRepository,
    ClientAuthenticationService,
    ClientSecretsService,
    DemoClient,
    IntrospectionNotice,
  ],
  exports: [ClientAuthenticationService],
})
export class ClientsModule implements OnModuleInit {
  constructor(
    private readonly accessChanges: AccessChanges,
    private readonly clients: ClientsService,
  ) {}

  onModuleInit(): void {
    this.accessChanges.listen({
      revoke: (manager, narrowing, by) => this.clients.narrow(manager, narrowing, by),
    });
  }
}
