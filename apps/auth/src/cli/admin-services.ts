import { StructuredLogger } from '@jwt-auth/chassis';
import { RevocationList } from '@jwt-auth/jwt-core';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { AccessRepository } from '../access/access.repository.js';
import { AccountLinks } from '../accounts/account-links.js';
import { AccountLinksRepository } from '../accounts/account-links.repository.js';
import { AccountUserChanges } from '../accounts/account-user-changes.js';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { CoreModule } from '../core.module.js';
import { openAuthDatabase } from '../database/open-auth-database.js';
import { FactorsAdminService } from '../factors/factors.admin.service.js';
import { FactorChanges } from '../factors/factor-changes.js';
import { FactorsRepository } from '../factors/factors.repository.js';
import { FactorsService } from '../factors/factors.service.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { OutgoingMailsRepository } from '../mail/outgoing-mails.repository.js';
import { OwnRevocations } from '../revocations/own-revocations.js';
import { RevocationsRepository } from '../revocations/revocations.repository.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { RefreshTokensRepository } from '../sessions/refresh-tokens.repository.js';
import { SessionEndService } from '../sessions/session-end.service.js';
import { SessionEnds } from '../sessions/session-ends.js';
import { SessionFactorChanges } from '../sessions/session-factor-changes.js';
import { SessionUserChanges } from '../sessions/session-user-changes.js';
import { SessionsAdminService } from '../sessions/sessions.admin.service.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { ReferenceTokensRepository } from '../tokens/reference-tokens.repository.js';
import { BreachedPasswords } from '../users/breached-passwords.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { UserChanges } from '../users/user-changes.js';
import { UsersAdminService } from '../users/users.admin.service.js';
import { UsersRepository } from '../users/users.repository.js';

/** What a command in a shell works with. */
export interface AdminServices {
  readonly dataSource: DataSource;
  readonly accessModel: AccessModel;
  readonly users: UsersAdminService;
  readonly passwordRules: PasswordRules;
  readonly usersRepository: UsersRepository;
  readonly sessions: SessionsAdminService;
  readonly factors: FactorsAdminService;
}

/**
 * What of the app a command needs: no keys, no feed, no clean-up, nothing that works at the start. It
 * writes what the app writes; the running processes read revocations from the database.
 */
@Module({
  providers: [
    AccessModel,
    AccessRepository,
    AccountLinks,
    AccountLinksRepository,
    AccountUserChanges,
    AuditService,
    BreachedPasswords,
    FactorsAdminService,
    FactorChanges,
    FactorsRepository,
    FactorsService,
    MailOutbox,
    OutgoingMailsRepository,
    OwnRevocations,
    PasswordHasher,
    PasswordRules,
    ReferenceTokens,
    ReferenceTokensRepository,
    RefreshTokensRepository,
    RevocationsRepository,
    RevocationsService,
    SessionEnds,
    SessionEndService,
    SessionFactorChanges,
    SessionsAdminService,
    SessionsRepository,
    SessionsService,
    SessionUserChanges,
    UserChanges,
    UsersAdminService,
    UsersRepository,
    // This process checks no token.
    { provide: RevocationList, useFactory: () => RevocationList.none(1) },
  ],
})
class AdminCommandsModule {
  static with(config: Config, dataSource: DataSource): DynamicModule {
    return {
      module: AdminCommandsModule,
      imports: [CoreModule.with(config, new Clock())],
      providers: [{ provide: DataSource, useValue: dataSource }],
    };
  }
}

/** Runs a command with an open database. */
export async function withAdminServices<T>(
  config: Config,
  work: (services: AdminServices) => Promise<T>,
): Promise<T> {
  const logger = new StructuredLogger({ name: 'admin', level: 'warn' });
  const dataSource = await openAuthDatabase(config, { logger });
  try {
    const app = await NestFactory.createApplicationContext(
      AdminCommandsModule.with(config, dataSource),
      { logger: false, abortOnError: false },
    );
    return await work({
      dataSource,
      accessModel: app.get(AccessModel),
      users: app.get(UsersAdminService),
      passwordRules: app.get(PasswordRules),
      usersRepository: app.get(UsersRepository),
      sessions: app.get(SessionsAdminService),
      factors: app.get(FactorsAdminService),
    });
  } finally {
    await dataSource.destroy();
  }
}
