import { type CanActivate } from '@nestjs/common';
import { GuardsConsumer } from '@nestjs/core/guards/guards-consumer.js';
import { JwtGuard } from '@jwt-auth/jwt-core';
import { JwtStrategy } from '@jwt-auth/jwt-core/passport';
import { AuthGuard } from '@nestjs/passport';
import type { Contender } from '../harness/interleave.js';
import { EmptyGuard } from '../http/stacks/empty.guard.js';
import { PASSPORT_JWT, PassportJwtStrategy } from '../http/stacks/passport-jwt.strategy.js';
import { ourParts } from '../tokens/our-verifier.js';
import type { Trust } from '../tokens/token-batch.js';
import type { ReceivedRequest } from './received-request.js';

class OrdersController {
  list(this: void): void {}
}

const consumer = new GuardsConsumer();
const controller = new OrdersController();
const handler = controller.list;
const reply = {};

/** Guards as Nest asks them before a handler: with the context that it makes for each request. */
export function guardContenders(trust: Trust): Contender<ReceivedRequest>[] {
  const { verifier, revocations } = ourParts(trust);
  new JwtStrategy(verifier);
  const { issuer, audience, publicKey } = trust;
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  new PassportJwtStrategy({ issuer, audience, publicKeyPem });
  return [
    { name: 'no guard', call: () => handler() },
    around('an empty guard', new EmptyGuard()),
    around('JwtGuard', new JwtGuard(verifier, revocations)),
    around("JwtStrategy behind AuthGuard('jwt')", new (AuthGuard('jwt'))()),
    around('passport-jwt', new (AuthGuard(PASSPORT_JWT))()),
  ];
}

function around(name: string, guard: CanActivate): Contender<ReceivedRequest> {
  const guards = [guard];
  return {
    name,
    call: async (request) => {
      if (!(await consumer.tryActivate(guards, [request, reply], controller, handler, 'http'))) {
        throw new Error('refused');
      }
      handler();
    },
  };
}
