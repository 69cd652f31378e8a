import { Module } from '@nestjs/common';

import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { FactorChanges } from './factor-changes.js';
import { FactorExports } from './factor-exports.js';
import { FactorSecrets } from './factor-secrets.js';
import { FactorsAdminController } from './factors.admin.controller.js';
import { FactorsAdminService } from './factors.admin.service.js';
import { FactorsController } from './factors.controller.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { SecondFactors } from './second-factors.js';
import { TotpService } from './totp.service.js';

@Module({
  imports: [AccessModule, AuditModule, KeysModule, MailModule, UsersModule],
  controllers: [FactorsController, FactorsAdminController],
  providers: [
    FactorChanges,
    FactorExports,
    FactorsAdminService,
    FactorSecrets,
    FactorsRepository,
    FactorsService,
    SecondFactors,
    TotpService,
  ],
  exports: [FactorChanges, SecondFactors],
})
export class FactorsModule {}
