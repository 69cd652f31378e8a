import { EmptyGuard } from './empty.guard.js';
import { ordersBehind, type Stack, StackModule } from './stack.js';

export const stack: Stack = {
  platform: 'fastify',
  moduleFor: () => ({ module: StackModule, controllers: [ordersBehind(EmptyGuard)] }),
};
