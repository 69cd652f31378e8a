import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';

import { AuditModule } from '../audit/audit.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { LiveAccess } from './live-access.js';
import { LocalStrategy } from './local.strategy.js';
import { LoginController } from './login.controller.js';
import { Refreshing } from './refreshing.js';
import { SessionEnding } from './session-ending.js';
import { SessionStarting } from './session-starting.js';
import { SessionUserChanges } from './session-user-changes.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { TokenPairs } from './token-pairs.js';

@Module({
  imports: [PassportModule, AuditModule, RevocationsModule, TokensModule, UsersModule],
  controllers: [LoginController, SessionsController],
  providers: [
    LocalStrategy,
    SessionsService,
    SessionStarting,
    SessionEnding,
    SessionUserChanges,
    LiveAccess,
    Refreshing,
    TokenPairs,
  ],
  exports: [SessionsService, SessionStarting, SessionEnding, LiveAccess, Refreshing],
})
export class SessionsModule {}
