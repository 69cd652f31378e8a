import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../verifier/claims.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { AcceptStale, CurrentPrincipal, Freshness, RequireScopes } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import type { JwtCoreOptions } from './app-options.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from '../passport/jwt.strategy.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller()
@UseGuards(JwtGuard)
class ReportsController {
  @Get('reports')
  @RequireScopes('reports:read')
  list(@CurrentPrincipal() { subject, claims }: Principal) {
    return { subject, claims };
  }

  @Get('fresh')
  @Freshness('2s')
  fresh() {
    return {};
  }

  @Get('available')
  @AcceptStale()
  available() {
    return {};
  }
}

@Controller('passport')
class PassportController {
  @Get()
  @UseGuards(AuthGuard('jwt'))
  me(@CurrentPrincipal() { subject }: Principal) {
    return { subject };
  }
}

const soon = { timeout: 30_000 };

describe.each(platforms)('Reference tokens on %s', (_, makeAdapter) => {
  let auth: TestIssuer;
  let app: INestApplication;
  let url: string;

  const serve = async (options: Partial<JwtCoreOptions>) => {
    const { issuer, audience } = auth;
    const served = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot({ issuer, audience, ...options } as JwtCoreOptions)],
      controllers: [ReportsController, PassportController],
      providers: [JwtStrategy],
    });
    const checks = () => served.get(JwtCoreReadiness).checks.map((check) => check.check());
    const address = await listen(served);
    await vi.waitFor(() => expect(checks()).toEqual([undefined, undefined]), soon);
    return { app: served, url: address };
  };
  const get = (path: string, token: string) => ask(`${url}${path}`, { headers: bearer(token) });
  const reference = (claims: object = {}) =>
    auth.mintReference({ scope: 'reports:read', ...claims });

  beforeAll(async () => {
    auth = await TestIssuer.start();
    ({ app, url } = await serve(auth.client));
  });
  afterAll(async () => {
    await app.close();
    await auth.close();
  });

  it('open the doors that JWTs open, on every kind of route', async () => {
    const claims = { sub: 'ada', scope: 'reports:read', claims: { plan: 'gold' } };
    for (const token of [auth.mint(claims), auth.mintReference(claims)]) {
      const answer = await get('/reports', token);
      expect(answer.body).toEqual({ subject: 'ada', claims: { plan: 'gold' } });
      expect(await get('/fresh', token)).toMatchObject({ status: 200 });
      expect(await get('/available', token)).toMatchObject({ status: 200 });
      expect(await get('/passport', token)).toMatchObject({ body: { subject: 'ada' } });
    }
  });

  it('must have the scope, too', async () => {
    const answer = await get('/reports', reference({ scope: 'mail:read' }));
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
  });

  it('are asked about once, however many requests bring one at the same moment', async () => {
    const token = reference();
    const before = auth.requests('introspect');
    const answers = await Promise.all(Array.from({ length: 40 }, () => get('/reports', token)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(auth.requests('introspect')).toBe(before + 1);
  });

  it('die through the feed, remembered or not', async () => {
    const remembered = reference({ sid: 'one' });
    const unseen = reference({ sid: 'one' });
    expect(await get('/reports', remembered)).toMatchObject({ status: 200 });
    await auth.revoke({ kind: 'sid', id: 'one' });
    await expect
      .poll(async () => (await get('/reports', remembered)).body.code, soon)
      .toBe('token_revoked');
    const answer = await get('/reports', unseen);
    expect(answer).toMatchObject({ status: 401 });
  });

  it.each([
    ['that nobody issued', () => Buffer.alloc(32, 7).toString('base64url')],
    ['for another audience', () => reference({ aud: 'mail' })],
    ['of another issuer', () => reference({ iss: 'https://evil.example' })],
    ['that has expired', () => reference({ iat: 1, exp: 2 })],
  ])('are invalid: one %s', async (_name, make) => {
    const answer = await get('/reports', make());
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('get 503 while nobody can know, but for those that are remembered', async () => {
    const known = reference();
    await get('/reports', known);
    auth.fail('introspect', 'refuse');
    for (const path of ['/reports', '/available', '/passport']) {
      const answer = await get(path, reference());
      expect(answer).toMatchObject({ status: 503, body: { code: 'introspection_unavailable' } });
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.headers['www-authenticate']).toBeUndefined();
    }
    expect(await get('/reports', known)).toMatchObject({ status: 200 });
    auth.repair();
    const late = reference();
    await expect.poll(async () => (await get('/reports', late)).status, soon).toBe(200);
  });

  it('are invalid, without any question, for a service that has no credentials', async () => {
    const without = await serve({});
    const before = auth.requests('introspect');
    const headers = bearer(reference());
    const answer = await ask(`${without.url}/reports`, { headers });
    expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect(auth.requests('introspect')).toBe(before);
    await without.app.close();
  });

  it('come from a source of the application, where it has one', async () => {
    const claims = { iss: auth.issuer, sub: 'bo', aud: 'api', client_id: 'web', jti: 'a' };
    const iat = Math.floor(Date.now() / 1000);
    const resolve = async () => ({ ...claims, iat, exp: iat + 60 });
    const own = await serve({ referenceTokens: { resolve } });
    const before = auth.requests('introspect');
    const answer = await ask(`${own.url}/passport`, { headers: bearer(reference()) });
    expect(answer).toMatchObject({ status: 200, body: { subject: 'bo' } });
    expect(auth.requests('introspect')).toBe(before);
    await own.app.close();
  });
});
