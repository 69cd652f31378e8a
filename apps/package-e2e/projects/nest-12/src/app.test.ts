import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { JwtCoreModule, JwtGuard, RequireScopes } from '@jwt-auth/jwt-core';
import { asCaller, JwtCoreTestingModule, TestIssuer } from '@jwt-auth/jwt-core/testing';
import { AppModule } from './app.module.js';

@Controller()
@UseGuards(JwtGuard)
@RequireScopes('orders:read')
class OrdersController {
  @Get('me')
  me() {
    return {};
  }
}

async function start(builder: TestingModuleBuilder): Promise<NestFastifyApplication> {
  const module = await builder.compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
  return app;
}

const statusOf = async (app: NestFastifyApplication, headers: object) =>
  (await app.inject({ url: '/me', headers: { ...headers } })).statusCode;

test('a controller', async () => {
  const imports = [JwtCoreTestingModule.forRoot()];
  const app = await start(Test.createTestingModule({ imports, controllers: [OrdersController] }));
  assert.equal(await statusOf(app, asCaller({ scopes: ['orders:read'] })), 200);
  assert.equal(await statusOf(app, asCaller()), 403);
  await app.close();
});

test('a whole application', async () => {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  const app = await start(JwtCoreTestingModule.replaceIn(builder));
  assert.equal(await statusOf(app, asCaller()), 200);
  assert.equal(await statusOf(app, {}), 401);
  await app.close();
});

test('a TestIssuer', async () => {
  const auth = await TestIssuer.start();
  const imports = [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience })];
  const app = await start(Test.createTestingModule({ imports, controllers: [OrdersController] }));
  await auth.ready(app);
  const status = (token: string) => statusOf(app, { authorization: `Bearer ${token}` });
  const scope = 'orders:read';
  const [revoked, good] = [auth.mint({ scope, jti: 'one' }), auth.mint({ scope })];
  assert.equal(await status(revoked), 200);
  await auth.revoke({ kind: 'jti', id: 'one' });
  assert.equal(await status(revoked), 401);
  assert.equal(await status(auth.mint.expired({ scope })), 401);
  await auth.goStale(app);
  assert.equal(await status(good), 503);
  await auth.comeBack();
  assert.equal(await status(good), 200);
  await app.close();
  await auth.close();
});
