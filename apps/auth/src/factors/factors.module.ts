import { Module, type Provider } from '@nestjs/common';

import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { FactorChanges } from './factor-changes.js';
import { FactorSecrets } from './factor-secrets.js';
import { FactorsAdminController } from './factors.admin.controller.js';
import { FactorsController } from './factors.controller.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { PasskeysController, RelatedOriginsController } from './passkeys.controller.js';
import { PasskeysRepository } from './passkeys.repository.js';
import { PasskeysService } from './passkeys.service.js';
import { SecondFactors } from './second-factors.js';
import { TotpService } from './totp.service.js';
import { WebAuthn } from './web-authn.js';

/** Also for `npm run admin`: what removes factors. It does nothing at the start. */
export const FACTORS_FOR_COMMANDS: Provider[] = [FactorChanges, FactorsRepository, FactorsService];

@Module({
  imports: [AccessModule, AuditModule, KeysModule, MailModule, UsersModule],
  controllers: [
    FactorsController,
    PasskeysController,
    FactorsAdminController,
    RelatedOriginsController,
  ],
  providers: [
    ...FACTORS_FOR_COMMANDS,
    FactorSecrets,
    PasskeysRepository,
    PasskeysService,
    SecondFactors,
    TotpService,
    WebAuthn,
  ],
  exports: [FactorChanges, FactorsService, PasskeysService, SecondFactors],
})
export class FactorsModule {}
