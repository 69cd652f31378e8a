import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';

import { KeysModule } from '../keys/keys.module.js';
import { TokenIssuer } from './token-issuer.js';

@Module({
  imports: [JwtModule.register({}), KeysModule],
  providers: [TokenIssuer],
  exports: [TokenIssuer],
})
export class TokensModule {}
