import { Controller, Get, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { CurrentPrincipal } from '../nest/decorators.js';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtGuard } from '../nest/jwt.guard.js';
import { RequireScopes } from '../nest/decorators.js';
import type { Principal } from '../verifier/claims.js';
import { TestIssuer } from './test-issuer.js';

@Controller('orders')
@UseGuards(JwtGuard)
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@CurrentPrincipal() customer: Principal) {
    return { customer: customer.subject };
  }
}

// The example in the documentation of TestIssuer, with a controller of its own.
it('tests a service without any change to it', async () => {
  const auth = await TestIssuer.start();
  const module = await Test.createTestingModule({
    imports: [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience })],
    controllers: [OrdersController],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const orders = `${await app.getUrl()}/orders`;

  const token = auth.mint({ sub: 'ada', scope: 'orders:read', jti: 'one' });
  const status = async () =>
    (await fetch(orders, { headers: { authorization: `Bearer ${token}` } })).status;
  await expect.poll(status).toBe(200);
  await auth.revoke({ kind: 'jti', id: 'one' });
  await expect.poll(status).toBe(401);

  const other = auth.mint({ sub: 'ada', scope: 'orders:read' });
  const answer = await fetch(orders, { headers: { authorization: `Bearer ${other}` } });
  expect(await answer.json()).toEqual({ customer: 'ada' });
  await app.close();
  await auth.close();
});
