import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';

import { KeysModule } from '../keys/keys.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { IssuedTokens } from './issued-tokens.js';
import { ReferenceTokens } from './reference-tokens.js';
import { ReferenceTokensRepository } from './reference-tokens.repository.js';
import { TokenIssuer } from './token-issuer.js';
import { TokensAdminController } from './tokens.admin.controller.js';

@Module({
  imports: [JwtModule.register({}), KeysModule, RevocationsModule],
  controllers: [TokensAdminController],
  providers: [TokenIssuer, ReferenceTokens, ReferenceTokensRepository, IssuedTokens],
  exports: [TokenIssuer, ReferenceTokens, IssuedTokens],
})
export class TokensModule {}
