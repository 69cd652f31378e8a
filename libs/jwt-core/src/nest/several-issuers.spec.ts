import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtCoreStatistics } from '../runtime/statistics.js';
import { generateSigningKey } from '../test-issuer/access-token.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import { CurrentPrincipal } from './decorators.js';
import { JwtCoreModule } from './jwt-core.module.js';
import type { JwtCoreOptions } from './app-options.js';
import { JwtGuard } from './jwt.guard.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller('me')
@UseGuards(JwtGuard)
class MeController {
  @Get()
  me(@CurrentPrincipal() { subject }: Principal) {
    return { subject };
  }
}

const [[, makeAdapter]] = platforms;

describe('JwtCoreModule', () => {
  let one: TestIssuer;
  let two: TestIssuer;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    [one, two] = [
      await TestIssuer.start(),
      await TestIssuer.start({ keys: [await generateSigningKey('ES256')] }),
    ];
  });
  afterEach(async () => {
    await app?.close();
    for (const issuer of [one, two]) await issuer.close();
  });

  const serve = async (jwt: ReturnType<typeof JwtCoreModule.forRoot>) => {
    app = await createApp(makeAdapter, { imports: [jwt], controllers: [MeController] });
    const url = `${await listen(app)}/me`;
    return async (token: string) => {
      const { status, body } = await ask(url, { headers: bearer(token) });
      return [status, body];
    };
  };
  const options = (): JwtCoreOptions => ({
    issuers: [
      { issuer: one.issuer, audience: 'api' },
      { issuer: two.issuer, audience: ['api', 'web'], algorithms: ['ES256'], revocations: 'none' },
    ],
    waitForIssuerMs: 30_000,
  });

  it.each(['forRoot', 'forRootAsync'] as const)(
    'guards routes with tokens of several issuers by %s',
    async (method) => {
      @Module({})
      class ConfigModule {}
      const jwt =
        method === 'forRoot'
          ? JwtCoreModule.forRoot(options())
          : JwtCoreModule.forRootAsync({
              imports: [ConfigModule],
              useFactory: async () => options(),
            });
      const call = await serve(jwt);
      // No wait: the start has waited.
      expect(await call(one.mint({ sub: 'ada' }))).toMatchObject([200, { subject: 'ada' }]);
      expect(await call(two.mint({ sub: 'eve', aud: 'web' }))).toMatchObject([
        200,
        { subject: 'eve' },
      ]);
      expect(await call(one.mint({ iss: two.issuer }))).toMatchObject([
        401,
        { code: 'token_invalid' },
      ]);
      expect(await call(one.mint({ iss: 'x' }))).toMatchObject([401, { code: 'token_invalid' }]);
      expect(app?.get(JwtCoreStatistics).issuers.map(({ issuer }) => issuer)).toEqual([
        one.issuer,
        two.issuer,
      ]);
      expect(app?.get(JwtCoreReadiness).notes).toEqual([expect.stringContaining(two.issuer)]);
    },
  );

  it('names the issuer that it waited for in vain, and starts with the others', async () => {
    two.fail('all', 'refuse');
    const warn = vi.fn();
    const metadata = {
      imports: [JwtCoreModule.forRoot({ ...options(), waitForIssuerMs: 300 })],
      controllers: [MeController],
    };
    app = await createApp(makeAdapter, metadata, { log: vi.fn(), error: vi.fn(), warn });
    const url = `${await listen(app)}/me`;
    expect(await ask(url, { headers: bearer(one.mint()) })).toMatchObject({ status: 200 });
    expect(await ask(url, { headers: bearer(two.mint()) })).toMatchObject({ status: 503 });
    const lines = warn.mock.calls.map(([line]) => String(line)).join('\n');
    expect(lines).toContain(
      `Started without all issuers. Not ready within 300 ms: keys of ${two.issuer}`,
    );
  });

  it.each<[string, number | undefined, RegExp | undefined]>([
    ['says that a start does not wait', undefined, /does not wait for the issuer/],
    ['does not say so if that was chosen', 0, undefined],
  ])('%s', async (_name, waitForIssuerMs, line) => {
    one.fail('all', 'hang');
    const warn = vi.fn();
    const { issuer, audience } = one;
    const metadata = {
      imports: [JwtCoreModule.forRoot({ issuer, audience, waitForIssuerMs })],
      controllers: [MeController],
    };
    app = await createApp(makeAdapter, metadata, { log: vi.fn(), error: vi.fn(), warn });
    await listen(app);
    const lines = warn.mock.calls.map(([text]) => String(text));
    expect(lines).toEqual(line === undefined ? [] : [expect.stringMatching(line)]);
  });

  it.each([-1, NaN, 600_001, '5' as never])(
    'refuses to wait for %j ms',
    async (waitForIssuerMs) => {
      const { issuer, audience } = one;
      const starting = createApp(makeAdapter, {
        imports: [JwtCoreModule.forRoot({ issuer, audience, waitForIssuerMs })],
      });
      await expect(starting).rejects.toThrow('waitForIssuerMs is a number from 0 to 600000');
    },
  );
});
