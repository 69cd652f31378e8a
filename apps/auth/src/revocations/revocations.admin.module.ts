import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { RevocationsAdminController } from './revocations.admin.controller.js';
import { RevocationsAdminService } from './revocations.admin.service.js';
import { RevocationsModule } from './revocations.module.js';

@Module({
  imports: [AuditModule, KeysModule, RevocationsModule, SessionsModule],
  controllers: [RevocationsAdminController],
  providers: [RevocationsAdminService],
})
export class RevocationsAdminModule {}
