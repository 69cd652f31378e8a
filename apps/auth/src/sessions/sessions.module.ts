import { Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';

import { AccessChanges } from '../access/access-changes.js';
import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { RevocationEffects } from '../revocations/revocation-effects.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { LiveTokensAdminController } from './live-tokens.admin.controller.js';
import { LiveTokensService } from './live-tokens.service.js';
import { LocalStrategy } from './login.guard.js';
import { LoginController } from './login.controller.js';
import { LoginTicketsRepository } from './login-tickets.repository.js';
import { MfaLoginService } from './mfa-login.service.js';
import { OwnPages } from './cookie-requests.js';
import { PasskeyLoginService } from './passkey-login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { RefreshTokensRepository } from './refresh-tokens.repository.js';
import { RefreshService } from './refresh.service.js';
import { SessionEndService } from './session-end.service.js';
import { PossibleThefts } from './possible-thefts.js';
import { SessionStartService } from './session-start.service.js';
import { SessionUserChanges } from './session-user-changes.js';
import { SessionsAdminController } from './sessions.admin.controller.js';
import { SessionsAdminService } from './sessions.admin.service.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { StepUpController } from './step-up.controller.js';
import { StepUpService } from './step-up.service.js';
import { TokenPairs } from './token-pairs.js';

/**
 * Also for `npm run admin`: what ends sessions, and what acts on changes to users and their factors. It does
 * nothing at the start.
 */
export const SESSIONS_FOR_COMMANDS: Provider[] = [
  RefreshTokensRepository,
  PossibleThefts,
  SessionEndService,
  SessionsAdminService,
  SessionsRepository,
  SessionsService,
  SessionUserChanges,
];

@Module({
  imports: [
    PassportModule,
    AccessModule,
    AuditModule,
    FactorsModule,
    KeysModule,
    MailModule,
    RevocationsModule,
    TokensModule,
    UsersModule,
  ],
  controllers: [
    LiveTokensAdminController,
    LoginController,
    SessionsController,
    SessionsAdminController,
    StepUpController,
  ],
  providers: [
    ...SESSIONS_FOR_COMMANDS,
    LiveTokensService,
    LocalStrategy,
    LoginTicketsRepository,
    MfaLoginService,
    PasskeyLoginService,
    OwnPages,
    RefreshCookie,
    SessionStartService,
    RefreshService,
    StepUpService,
    TokenPairs,
  ],
  exports: [SessionsService, PossibleThefts, RefreshService],
})
export class SessionsModule implements OnModuleInit {
  constructor(
    private readonly effects: RevocationEffects,
    private readonly accessChanges: AccessChanges,
    private readonly sessions: SessionsService,
    private readonly sessionEnd: SessionEndService,
  ) {}

  onModuleInit(): void {
    this.effects.on('sid', (id, by) => this.sessions.endRevoked(id, by));
    // The sessions go on: their next refresh gives a token without what is taken away.
    this.accessChanges.listen({
      revoke: (manager, narrowing) => this.sessionEnd.revokeNarrowed(manager, narrowing),
    });
  }
}
