import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { JwtGuard, RequireScopes } from '@jwt-auth/jwt-core';
import { asCaller, JwtCoreTestingModule } from '@jwt-auth/jwt-core/testing';
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
