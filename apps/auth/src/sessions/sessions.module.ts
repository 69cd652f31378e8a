import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { LiveAccess } from './live-access.js';
import { Refreshing } from './refreshing.js';
import { SessionEnding } from './session-ending.js';
import { SessionStarting } from './session-starting.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { TokenPairs } from './token-pairs.js';

@Module({
  imports: [AuditModule, RevocationsModule, TokensModule],
  controllers: [SessionsController],
  providers: [SessionsService, SessionStarting, SessionEnding, LiveAccess, Refreshing, TokenPairs],
  exports: [SessionsService, SessionStarting, SessionEnding, LiveAccess, Refreshing],
})
export class SessionsModule {}
