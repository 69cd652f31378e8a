import { JwtCoreModule, JwtGuard } from '@jwt-auth/jwt-core';
import { ordersBehind, type Stack, StackModule } from './stack.js';

/** As a service has it: keys, and a revocation list that is followed meanwhile. */
export const stack: Stack = {
  platform: 'fastify',
  moduleFor: ({ issuer, audience }) => ({
    module: StackModule,
    imports: [JwtCoreModule.forRoot({ issuer, audience })],
    controllers: [ordersBehind(JwtGuard)],
  }),
};
