import { Module } from '@nestjs/common';

import { AccessModule } from '../access/access.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { Callers } from './callers.js';
import {
  IntrospectionController,
  RevocationController,
  TokenController,
} from './oauth.controller.js';
import { MetadataController } from './metadata.controller.js';
import { TokenGrantService } from './token-grant.service.js';
import { TokenRevocationService } from './token-revocation.service.js';

@Module({
  imports: [
    AccessModule,
    AuditModule,
    ClientsModule,
    RevocationsModule,
    SessionsModule,
    TokensModule,
  ],
  controllers: [IntrospectionController, MetadataController, RevocationController, TokenController],
  providers: [Callers, TokenGrantService, TokenRevocationService],
})
export class OAuthModule {}
