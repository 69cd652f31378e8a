import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { KeyLifeModule } from '../keys/key-life.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AuditController } from './audit.controller.js';
import { ClientsController } from './clients.controller.js';
import { KeysController } from './keys.controller.js';
import { RevocationAdministration } from './revocation-administration.js';
import { RevocationsAdminController } from './revocations.controller.js';

@Module({
  imports: [AuditModule, ClientsModule, KeyLifeModule, RevocationsModule, SessionsModule],
  controllers: [AuditController, ClientsController, KeysController, RevocationsAdminController],
  providers: [RevocationAdministration],
})
export class AdminModule {}
