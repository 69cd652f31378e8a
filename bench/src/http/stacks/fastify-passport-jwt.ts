import { AuthGuard } from '@nestjs/passport';
import { PASSPORT_JWT, PassportJwtStrategy } from './passport-jwt.strategy.js';
import { ordersBehind, type Stack, StackModule } from './stack.js';

export const stack: Stack = {
  platform: 'fastify',
  moduleFor: (settings) => ({
    module: StackModule,
    providers: [
      { provide: PassportJwtStrategy, useFactory: () => new PassportJwtStrategy(settings) },
    ],
    controllers: [ordersBehind(AuthGuard(PASSPORT_JWT))],
  }),
};
