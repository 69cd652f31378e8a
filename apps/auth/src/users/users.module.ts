import { Module, type OnModuleInit, type Provider } from '@nestjs/common';

import { AccessChanges } from '../access/access-changes.js';
import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { AuditService } from '../audit/audit.service.js';
import { MailModule } from '../mail/mail.module.js';
import { BreachedPasswords } from './breached-passwords.js';
import { CredentialsService } from './credentials.service.js';
import { DemoUsers } from './demo-users.js';
import { KnownNetworks, NetworkUserChanges } from './known-networks.js';
import { KnownNetworksRepository } from './known-networks.repository.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { LoginLimitsRepository } from './login-limits.repository.js';
import { PasswordChangeService } from './password-change.service.js';
import { HashCost, PasswordHasher } from './password-hasher.js';
import { PasswordRules } from './password-rules.js';
import { UserChanges } from './user-changes.js';
import { UsersAdminController } from './users.admin.controller.js';
import { UsersAdminService } from './users.admin.service.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** Also for `npm run admin`: what changes users, and what acts on it. It does nothing at the start. */
export const USERS_FOR_COMMANDS: Provider[] = [
  BreachedPasswords,
  HashCost,
  KnownNetworksRepository,
  NetworkUserChanges,
  PasswordHasher,
  PasswordRules,
  UserChanges,
  UsersAdminService,
  UsersRepository,
];

@Module({
  imports: [AccessModule, AuditModule, MailModule],
  controllers: [UsersController, UsersAdminController],
  providers: [
    ...USERS_FOR_COMMANDS,
    CredentialsService,
    DemoUsers,
    KnownNetworks,
    AttemptLimiter,
    LoginLimitsRepository,
    PasswordChangeService,
    UsersService,
  ],
  exports: [
    BreachedPasswords,
    CredentialsService,
    KnownNetworks,
    KnownNetworksRepository,
    AttemptLimiter,
    PasswordHasher,
    PasswordRules,
    UserChanges,
    UsersRepository,
  ],
})
export class UsersModule implements OnModuleInit {
  constructor(
    private readonly accessChanges: AccessChanges,
    private readonly users: UsersRepository,
    private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    // No user gets a later role of the same name.
    this.accessChanges.listen({
      forget: async (manager, narrowing, by) => {
        if (narrowing.of !== 'role' || !narrowing.isRemoved) return;
        const removal = this.users.removalOfRole(narrowing.name);
        const detail = { deletedRole: narrowing.name };
        const event = { ...by, action: 'user.roles_changed', detail } as const;
        await this.audit.recordEach(manager, removal, event);
      },
    });
  }
}
