import { StructuredLogger } from '@jwt-auth/chassis';
import { RevocationList } from '@jwt-auth/jwt-core';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { AccessRepository } from '../access/access.repository.js';
import { ACCOUNTS_FOR_COMMANDS } from '../accounts/accounts.module.js';
import { AuditRepository } from '../audit/audit.repository.js';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { CoreModule } from '../core.module.js';
import { openAuthDatabase } from '../database/auth-database.js';
import { FACTORS_FOR_COMMANDS } from '../factors/factors.module.js';
import { FactorsService } from '../factors/factors.service.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { OutgoingMailsRepository } from '../mail/outgoing-mails.repository.js';
import { OwnRevocations } from '../revocations/own-revocations.js';
import { RevocationsRepository } from '../revocations/revocations.repository.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { SessionsAdminService } from '../sessions/sessions.admin.service.js';
import { SESSIONS_FOR_COMMANDS } from '../sessions/sessions.module.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { ReferenceTokensRepository } from '../tokens/reference-tokens.repository.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { UsersAdminService } from '../users/users.admin.service.js';
import { USERS_FOR_COMMANDS } from '../users/users.module.js';
import { UsersRepository } from '../users/users.repository.js';

/** What a command in a shell works with. */
export interface AdminServices {
  readonly dataSource: DataSource;
  readonly accessModel: AccessModel;
  readonly audit: AuditService;
  readonly clock: Clock;
  readonly users: UsersAdminService;
  readonly passwordHasher: PasswordHasher;
  readonly passwordRules: PasswordRules;
  readonly usersRepository: UsersRepository;
  readonly sessions: SessionsAdminService;
  readonly factors: FactorsService;
}

/**
 * The part of the app that commands need: no keys, no feed, no clean-up, and nothing that runs at the
 * start. A command writes the same rows as the app; running processes read revocations from the database.
 * `admin-services.database-spec.ts` checks that everything that listens to a change in the app listens here, too.
 */
export const ADMIN_PROVIDERS: Provider[] = [
  ...ACCOUNTS_FOR_COMMANDS,
  ...FACTORS_FOR_COMMANDS,
  ...SESSIONS_FOR_COMMANDS,
  ...USERS_FOR_COMMANDS,
  AccessModel,
  AccessRepository,
  AuditRepository,
  AuditService,
  MailOutbox,
  OutgoingMailsRepository,
  OwnRevocations,
  ReferenceTokens,
  ReferenceTokensRepository,
  RevocationsRepository,
  RevocationsService,
  // This process checks no token.
  { provide: RevocationList, useFactory: () => RevocationList.none(1) },
];

@Module({ providers: ADMIN_PROVIDERS })
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
      audit: app.get(AuditService),
      clock: app.get(Clock),
      users: app.get(UsersAdminService),
      passwordHasher: app.get(PasswordHasher),
      passwordRules: app.get(PasswordRules),
      usersRepository: app.get(UsersRepository),
      sessions: app.get(SessionsAdminService),
      factors: app.get(FactorsService),
    });
  } finally {
    await dataSource.destroy();
  }
}
