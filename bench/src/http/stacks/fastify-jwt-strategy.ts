import { JwtCoreModule } from '@jwt-auth/jwt-core';
import { JwtStrategy } from '@jwt-auth/jwt-core/passport';
import { AuthGuard } from '@nestjs/passport';
import { ordersBehind, type Stack, StackModule } from './stack.js';

export const stack: Stack = {
  platform: 'fastify',
  moduleFor: ({ issuer, audience }) => ({
    module: StackModule,
    imports: [JwtCoreModule.forRoot({ issuer, audience })],
    providers: [JwtStrategy],
    controllers: [ordersBehind(AuthGuard('jwt'))],
  }),
};
