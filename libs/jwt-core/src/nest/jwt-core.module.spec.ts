import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Query, Resolver } from '@nestjs/graphql';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeySet } from '../verifier/key-set.js';
import { RevocationFollower } from '../revocation/revocation-follower.js';
import { RevocationList } from '../revocation/revocation-list.js';
import type { RevocationSource } from '../revocation/revocation-source.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { JwtCoreModule } from './jwt-core.module.js';
import type { JwtCoreOptions } from './app-options.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtGuard } from './jwt.guard.js';
import { Freshness } from './decorators.js';

const soon = { timeout: 30_000 };
const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function start(jwt: ReturnType<typeof JwtCoreModule.forRoot>) {
  @Module({ imports: [jwt] })
  class AppModule {}
  const options = { logger: false, abortOnError: false } as const;
  const app = await NestFactory.createApplicationContext(AppModule, options);
  closing.push(app);
  return app;
}

async function startIssuer() {
  const issuer = await TestIssuer.start();
  closing.push(issuer);
  return issuer;
}

const atHome = () => ({
  keySet: { get: vi.fn(), find: vi.fn(async () => undefined) } satisfies KeySet,
  revocations: {
    read: vi.fn(async () => ({ cursor: '1', reset: true, more: false, entries: [] })),
  } satisfies RevocationSource,
});

@Resolver()
@UseGuards(JwtGuard)
class LedgerResolver {
  @Query(() => String)
  @Freshness('2s')
  balance() {
    return '';
  }
}

const makeLedger = async () => {
  await sleep(20);
  return new LedgerResolver();
};

describe('JwtCoreModule', () => {
  it.each([
    ['a class', LedgerResolver],
    ['made by a factory', { provide: LedgerResolver, useFactory: makeLedger }],
  ])('keeps the list as fresh as a resolver demands that is %s', async (_, resolver) => {
    const { keySet, revocations } = atHome();
    const options = { issuer: 'http://127.0.0.1:1', audience: 'api', keySet, revocations };
    @Module({ imports: [JwtCoreModule.forRoot(options)], providers: [resolver] })
    class AppModule {}
    const quiet = { logger: false, abortOnError: false } as const;
    closing.push(await NestFactory.createApplicationContext(AppModule, quiet));
    const waited = expect.objectContaining({ waitSeconds: 1 }) as object;
    await expect.poll(() => revocations.read.mock.calls).toContainEqual([undefined, waited]);
  });

  it('needs an issuer and an audience, and nothing else', async () => {
    const issuer = await startIssuer();
    const app = await start(JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: 'api' }));
    const checks = app.get(JwtCoreReadiness).checks;
    await expect
      .poll(() => checks.map((check) => check.check()), soon)
      .toEqual([undefined, undefined]);
    expect(await app.get(AccessTokenVerifier).verify(issuer.mint({ sub: 'ada' }))).toMatchObject({
      subject: 'ada',
    });
    expect(app.get(RevocationList).maxStalenessMs).toBe(30_000);
    expect(app.get<KeySet>(KeySet).get(issuer.kid)?.kid).toBe(issuer.kid);
    expect(await app.get<KeySet>(KeySet).find('unknown')).toBeUndefined();
    expect(app.get(JwtGuard)).toBeInstanceOf(JwtGuard);
    expect(app.get(RevocationFollower)).toBeInstanceOf(RevocationFollower);
  });

  it('takes its options from a factory, too', async () => {
    const issuer = await startIssuer();
    @Injectable()
    class Config {
      readonly issuer = issuer.issuer;
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    const jwt = JwtCoreModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: async (config: Config) => ({
        ...config,
        audience: 'api',
        maxStalenessSeconds: 7,
      }),
    });
    const app = await start(jwt);
    expect(app.get(RevocationList).maxStalenessMs).toBe(7_000);
    await expect.poll(() => app.get<KeySet>(KeySet).get(issuer.kid), soon).toBeDefined();
  });

  it('sends no request if keys and revocations are local, whatever the issuer is', async () => {
    const { keySet, revocations } = atHome();
    const issuer = await startIssuer();
    const options = { issuer: 'http://auth.internal', audience: 'api', keySet, revocations };
    const app = await start(JwtCoreModule.forRoot(options));
    await expect.poll(() => app.get(RevocationList).state, soon).toBe('fresh');
    expect(app.get(JwtCoreReadiness).checks.map((check) => check.check())).toEqual([
      undefined,
      undefined,
    ]);
    const token = issuer.mint();
    await expect(app.get(AccessTokenVerifier).verify(token)).rejects.toMatchObject({
      code: 'token_invalid',
    });
    expect(keySet.find).toHaveBeenCalledWith(issuer.kid, 'RS256');
    expect(['metadata', 'jwks', 'feed'].map((name) => issuer.requests(name as 'feed'))).toEqual([
      0, 0, 0,
    ]);
  });

  it('calls the lifecycle hooks of a key set of the application once', async () => {
    const onModuleDestroy = vi.fn();
    const { keySet, revocations } = atHome();
    const Keys = Symbol('Keys');
    @Module({
      providers: [{ provide: Keys, useValue: { ...keySet, onModuleDestroy } }],
      exports: [Keys],
    })
    class KeysModule {}
    const app = await start(
      JwtCoreModule.forRootAsync({
        imports: [KeysModule],
        inject: [Keys],
        useFactory: (keys: KeySet) => ({
          issuer: 'i',
          audience: 'a',
          keySet: keys,
          revocations,
        }),
      }),
    );
    await app.close();
    expect(onModuleDestroy).toHaveBeenCalledOnce();
  });

  it('sends no request to its issuer after the application has stopped', async () => {
    const [left, kept] = [await startIssuer(), await startIssuer()];
    const startFor = ({ issuer }: TestIssuer) =>
      start(JwtCoreModule.forRoot({ issuer, audience: 'api', jwksRefreshSeconds: 1 }));
    const stopped = await startFor(left);
    await startFor(kept);
    await expect.poll(() => stopped.get(RevocationList).state, soon).toBe('fresh');
    await expect.poll(() => left.requests('jwks'), soon).toBeGreaterThan(1);
    await stopped.close();
    const asked = () => [left.requests('metadata'), left.requests('jwks'), left.requests('feed')];
    const before = asked();
    await left.revoke({ kind: 'jti', id: 'late' });
    const enough = kept.requests('jwks') + 2;
    await expect.poll(() => kept.requests('jwks'), soon).toBeGreaterThanOrEqual(enough);
    expect(asked()).toEqual(before);
    expect(stopped.get(RevocationList).size).toBe(0);
  });

  it('stops before it has reached its issuer', async () => {
    const issuer = await startIssuer();
    issuer.fail('all', 'hang');
    const app = await start(JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: 'api' }));
    await app.close();
  });

  it('protects the routes of every module, which need not import it', async () => {
    @Controller('orders')
    @UseGuards(JwtGuard)
    class OrdersController {
      constructor(@Inject(AccessTokenVerifier) readonly verifier: AccessTokenVerifier) {}
      @Get()
      list() {}
    }
    @Module({ controllers: [OrdersController] })
    class OrdersModule {}
    const jwt = JwtCoreModule.forRoot({ issuer: 'i', audience: 'a', ...atHome() });
    @Module({ imports: [jwt, OrdersModule] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, {
      logger: false,
      abortOnError: false,
    });
    closing.push(app);
    expect(app.get(OrdersController).verifier).toBe(app.get(AccessTokenVerifier));
  });
});

describe('the options of JwtCoreModule', () => {
  const valid: JwtCoreOptions = { issuer: 'https://auth.example.com', audience: 'api' };
  const starting = (options: object) => start(JwtCoreModule.forRoot({ ...valid, ...options }));

  it('are refused with everything that is wrong with them', async () => {
    await expect(
      starting({
        issuer: 'auth',
        audience: '',
        maxStalenessSeconds: 0,
        rememberedTokens: Number.NaN,
      }),
    ).rejects.toThrow(
      [
        'JwtCoreModule has wrong options:',
        '  audience is required',
        '  The issuer "auth" is not of the form https://host/path, without query or fragment.',
        '  maxStalenessSeconds is a number from 0.1 to 86400, not 0',
        '  rememberedTokens is a number from 0 to 10000000, not NaN',
      ].join('\n'),
    );
  });

  it.each([
    [{ issuer: undefined }, 'issuer is required'],
    [{ issuer: 7 }, 'issuer is required'],
    [{ audience: undefined }, 'audience is required'],
    [{ audience: ['api'] }, undefined],
    [{ audience: [] }, 'audience is required'],
    [{ audience: ['api', ''] }, 'audience is required'],
    [{ issuer: 'http://auth.example.com' }, 'is plain http'],
    [{ issuer: 'http://auth.example.com', allowHttpIssuer: 'false' }, 'is plain http'],
    [{ issuer: 'http://auth.example.com', keySet: atHome().keySet }, 'is plain http'],
    [{ maxStalenessSeconds: Infinity }, 'maxStalenessSeconds is'],
    [{ maxStalenessSeconds: '30' }, 'maxStalenessSeconds is'],
    [{ maxStalenessSeconds: null }, undefined],
    [{ clockToleranceSeconds: -1 }, 'clockToleranceSeconds is'],
    [{ clockToleranceSeconds: 60 }, 'clockToleranceSeconds is'],
    [{ rememberedTokens: -1 }, 'rememberedTokens is'],
    [{ rememberedTokens: 1.5 }, 'rememberedTokens is a number from'],
    [{ jwksRefreshSeconds: 0 }, 'jwksRefreshSeconds is'],
    [{ jwksCooldownSeconds: 0 }, 'jwksCooldownSeconds is'],
    [{ jwksMaxStaleSeconds: 1e9 }, 'jwksMaxStaleSeconds is'],
    [{ service: 'orders', serviceVersion: '1.2.3' }, undefined],
    [{ service: '' }, 'service is not 1 to 64 ASCII letters'],
    [{ service: 'or ders' }, 'service is not'],
    [{ service: 7 }, 'service is not'],
    [{ service: 'orders', serviceVersion: 'x'.repeat(65) }, 'serviceVersion is not'],
    [{ serviceVersion: '1.2.3' }, 'serviceVersion needs a service'],
    [{ keySet: {} }, 'keySet is not a KeySet'],
    [{ revocationSource: { read: () => {} } }, 'revocationSource is called revocations'],
    [{ revocations: {} }, "revocations is 'feed', 'none' or a RevocationSource"],
    [{ onRefuse: () => {} }, 'onRefuse is not an option'],
    [{ onRefuse: undefined, log: undefined }, undefined],
    [{ referenceTokens: {} }, 'referenceTokens is not a ReferenceTokenSource'],
    [{ clientId: 'service' }, 'clientSecret is required beside a clientId'],
    [{ clientSecret: 'hush' }, /^(?!.*hush).*clientId is required beside a clientSecret$/s],
    [{ clientId: '', clientSecret: 'hush' }, /^(?!.*hush).*clientId is required/s],
    [{ clientId: 'service', clientSecret: 7 }, 'clientSecret is required'],
    [
      { issuer: 'http://auth.internal', clientId: 'a', clientSecret: 'b', ...atHome() },
      'is plain http',
    ],
  ])('are refused or taken: %j', async (options, fault) => {
    if (fault === undefined) await starting(options);
    else await expect(starting(options)).rejects.toThrow(fault);
  });

  it.each([
    [
      'a factory that returns none',
      () => JwtCoreModule.forRootAsync({ useFactory: () => undefined as never }),
    ],
    ['null', () => JwtCoreModule.forRoot(null as never)],
  ])('are missed with %s', async (_name, make) => {
    await expect(start(make())).rejects.toThrow('JwtCoreModule has no options');
  });

  it('are missed with forRoot() alone', async () => {
    await expect(start(JwtCoreModule.forRoot(undefined as never))).rejects.toThrow(
      /JwtCoreModule has (no options|wrong options:\n {2}issuer is required)/,
    );
  });
});
