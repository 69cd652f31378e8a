import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../verifier/claims.js';
import {
  AcceptStale,
  CurrentPrincipal,
  Freshness,
  RequireRoles,
  RequireScopes,
} from '../nest/decorators.js';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtGuard } from '../nest/jwt.guard.js';
import { asCaller } from '../test-issuer/caller.js';
import { JwtCoreTestingModule } from './jwt-core-testing.module.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';

@Controller('orders')
@UseGuards(JwtGuard)
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Get('all')
  @RequireRoles('admin')
  all() {
    return [];
  }

  @Get('fresh')
  @Freshness('500ms')
  fresh() {
    return [];
  }

  @Get('stale')
  @AcceptStale()
  stale() {
    return [];
  }
}

@Module({
  imports: [JwtCoreModule.forRoot({ issuer: 'https://auth.example.com', audience: 'orders' })],
  controllers: [OrdersController],
})
class AppModule {}

const ways: [string, () => TestingModuleBuilder][] = [
  [
    'a module that a test puts together',
    () =>
      Test.createTestingModule({
        imports: [JwtCoreTestingModule.forRoot()],
        controllers: [OrdersController],
      }),
  ],
  [
    'a whole application',
    () => JwtCoreTestingModule.replaceIn(Test.createTestingModule({ imports: [AppModule] })),
  ],
];

describe.each(ways)('JwtCoreTestingModule in %s', (_name, build) => {
  let app: NestFastifyApplication;
  afterEach(async () => {
    await app.close();
    vi.restoreAllMocks();
  });

  async function start(): Promise<void> {
    const module = await build().compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
      logger: false,
    });
    await app.init();
  }

  const get = async (path: string, headers: object = {}) => {
    const answer = await app.inject({ url: path, headers: { ...headers } });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };

  it('lets callers in by their scopes and roles, from the first request on, and asks nobody', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    await start();
    const reader = asCaller({ subject: 'ada', scopes: ['orders:read'], claims: { tenant: 'one' } });
    expect(await get('/orders', reader)).toMatchObject({
      status: 200,
      body: {
        subject: 'ada',
        clientId: 'web',
        scopes: ['orders:read'],
        roles: [],
        claims: { tenant: 'one' },
      },
    });
    expect((await get('/orders/all', asCaller({ roles: ['admin'] }))).status).toBe(200);
    expect((await get('/orders/fresh', asCaller())).status).toBe(200);
    expect((await get('/orders/stale', asCaller())).status).toBe(200);
    expect(fetched).not.toHaveBeenCalled();
  });

  it('refuses as in production', async () => {
    await start();
    const code = (name: string) => ({ body: expect.objectContaining({ code: name }) as unknown });
    expect(await get('/orders')).toMatchObject({ status: 401, ...code('token_missing') });
    expect(await get('/orders', asCaller())).toMatchObject({
      status: 403,
      ...code('insufficient_scope'),
    });
    expect(await get('/orders/all', asCaller({ scopes: ['orders:read'] }))).toMatchObject({
      status: 403,
      ...code('insufficient_role'),
    });
    const expired = asCaller({ scopes: ['orders:read'], token: { iat: 1, exp: 2 } });
    expect(await get('/orders', expired)).toMatchObject({ status: 401, ...code('token_expired') });
    const issuer = await TestIssuer.start();
    const foreign = { authorization: `Bearer ${issuer.mint({ scope: 'orders:read' })}` };
    expect(await get('/orders', foreign)).toMatchObject({ status: 401, ...code('token_invalid') });
    await issuer.close();
  });
});

describe('JwtCoreTestingModule', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is refused in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(JwtCoreTestingModule.forRoot()).rejects.toThrow('not for production');
    expect(() =>
      JwtCoreTestingModule.replaceIn(Test.createTestingModule({ imports: [AppModule] })),
    ).toThrow('not for production');
  });

  it('still refuses routes without a guard', async () => {
    @Controller('open')
    class OpenController {
      @Get()
      list() {
        return [];
      }
    }
    const module = await Test.createTestingModule({
      imports: [JwtCoreTestingModule.forRoot()],
      controllers: [OpenController],
    }).compile();
    const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
    await expect(app.init()).rejects.toThrow('OpenController');
  });
});

describe('asCaller', () => {
  it('gives a service that calls for itself no session', async () => {
    const { authorization } = asCaller({
      subject: 'billing',
      clientId: 'billing',
      sessionId: null,
    });
    const [, payload = ''] = authorization.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    expect(claims).toMatchObject({ sub: 'billing', client_id: 'billing' });
    expect(claims).not.toHaveProperty('sid');
  });
});
