import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { ClientAuthentication } from './client-authentication.js';
import { ClientRevoking } from './client-revoking.js';
import { ClientSecrets } from './client-secrets.js';
import { ClientsService } from './clients.service.js';
import { DemoClient } from './demo-client.js';
import { IntrospectionNotice } from './introspection-notice.js';

@Module({
  imports: [AuditModule, RevocationsModule],
  providers: [
    ClientsService,
    ClientAuthentication,
    ClientRevoking,
    ClientSecrets,
    DemoClient,
    IntrospectionNotice,
  ],
  exports: [ClientsService, ClientAuthentication, ClientRevoking, ClientSecrets],
})
export class ClientsModule {}
