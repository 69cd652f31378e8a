import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { AcceptStale, Freshness } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller()
@UseGuards(JwtGuard)
class LedgerController {
  @Get('usual')
  usual() {
    return {};
  }

  @Get('available')
  @AcceptStale()
  available() {
    return {};
  }

  @Get('fresh')
  @Freshness('1s')
  fresh() {
    return {};
  }

  @Get('lax')
  @Freshness('5m')
  lax() {
    return {};
  }
}

const soon = { timeout: 30_000 };

const stale = {
  status: 503,
  headers: { 'retry-after': '2' },
  body: { code: 'revocations_stale', title: 'Service Unavailable' },
};

describe.each(platforms)('a service on %s', (_, makeAdapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;

  const get = (path: string, token = issuer.mint()) =>
    ask(`${url}${path}`, { headers: bearer(token) });
  const missing = () =>
    app
      .get(JwtCoreReadiness)
      .checks.map((check) => `${check.name}: ${check.check()}`)
      .filter((line) => !line.endsWith('undefined'));
  const serve = async (maxStalenessSeconds: number) => {
    const { issuer: iss, audience } = issuer;
    const jwt = JwtCoreModule.forRoot({
      issuer: iss,
      audience,
      maxStalenessSeconds,
      jwksCooldownSeconds: 0.1,
    });
    app = await createApp(makeAdapter, { imports: [jwt], controllers: [LedgerController] });
    url = await listen(app);
  };

  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(async () => {
    await app.close();
    await issuer.close();
  });

  it('starts without its issuer, lets in nobody, and is ready once the issuer is there', async () => {
    issuer.fail('all');
    await serve(30);
    expect(missing()).toEqual(['keys: missing', 'revocation list: blind']);
    const answer = await get('/usual');
    expect(answer).toMatchObject({ status: 503, body: { code: 'keys_unavailable' } });
    expect(answer.headers['retry-after']).toBe('10');
    expect(answer.headers['www-authenticate']).toBeUndefined();
    issuer.repair();
    await expect.poll(missing, soon).toEqual([]);
    expect(await get('/usual')).toMatchObject({ status: 200 });
  });

  it('lets in nobody without a revocation list, not even where a stale one would do', async () => {
    issuer.fail('feed');
    await serve(30);
    await expect.poll(missing, soon).toEqual(['revocation list: blind']);
    for (const path of ['/usual', '/available', '/fresh', '/lax']) {
      expect(await get(path)).toMatchObject(stale);
    }
  });

  it('answers 503 while its list is too old, but for a route that accepts that', async () => {
    await serve(0.5);
    await expect.poll(missing, soon).toEqual([]);
    const revoked = issuer.mint({ jti: 'revoked' });
    await issuer.revoke({ kind: 'jti', id: 'revoked' });
    await expect.poll(async () => (await get('/usual', revoked)).status, soon).toBe(401);

    issuer.fail('feed');
    await expect.poll(missing, soon).toEqual(['revocation list: stale']);
    expect(await get('/usual')).toMatchObject(stale);
    // A limit above the application's loosens nothing.
    expect(await get('/lax')).toMatchObject(stale);
    expect(await get('/available')).toMatchObject({ status: 200 });
    expect(await get('/available', revoked)).toMatchObject({ body: { code: 'token_revoked' } });

    issuer.repair();
    await expect.poll(missing, soon).toEqual([]);
    expect(await get('/usual')).toMatchObject({ status: 200 });
  });

  it('is stricter on a route with @Freshness(), and keeps its list fresh enough', async () => {
    await serve(30);
    await expect.poll(missing, soon).toEqual([]);
    const until = performance.now() + 2_500;
    while (performance.now() < until) {
      expect(await get('/fresh')).toMatchObject({ status: 200 });
      await sleep(20);
    }

    issuer.fail('feed');
    await expect.poll(async () => (await get('/fresh')).status, soon).toBe(503);
    expect(await get('/fresh')).toMatchObject(stale);
    expect(await get('/usual')).toMatchObject({ status: 200 });
  });

  it('learns of a new key through the feed', async () => {
    await serve(30);
    await expect.poll(missing, soon).toEqual([]);
    const asked = issuer.requests('jwks');
    await issuer.rotateKey();
    await expect.poll(() => issuer.requests('jwks'), soon).toBeGreaterThan(asked);
    await expect.poll(async () => (await get('/usual')).status, soon).toBe(200);
  });
});
