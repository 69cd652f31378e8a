import { Module, type Provider } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountDeletionService } from './account-deletion.service.js';
import { AccountExportService } from './account-export.service.js';
import { AccountLinks } from './account-links.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { AccountMails } from './account-mails.js';
import { AccountPagesController } from './account-pages.controller.js';
import { AccountUserChanges } from './account-user-changes.js';
import { AccountsAdminController } from './accounts.admin.controller.js';
import { AccountsController } from './accounts.controller.js';
import { EmailService } from './email.service.js';
import { PasswordRecoveryService } from './password-recovery.service.js';

/** Also for `npm run admin`: what acts on changes to users. It does nothing at the start. */
export const ACCOUNTS_FOR_COMMANDS: Provider[] = [
  AccountLinks,
  AccountLinksRepository,
  AccountUserChanges,
];

@Module({
  imports: [AuditModule, FactorsModule, MailModule, SessionsModule, UsersModule],
  controllers: [AccountsController, AccountsAdminController, AccountPagesController],
  providers: [
    ...ACCOUNTS_FOR_COMMANDS,
    AccountDeletionService,
    AccountExportService,
    AccountMails,
    EmailService,
    PasswordRecoveryService,
  ],
})
export class AccountsModule {}
