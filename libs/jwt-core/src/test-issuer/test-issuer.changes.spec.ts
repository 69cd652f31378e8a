import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Freshness } from '../nest/decorators.js';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtCoreRuntime } from '../nest/jwt-core.runtime.js';
import { JwtGuard } from '../nest/jwt.guard.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { ask, bearer, createApp, listen, platforms } from '../nest/nest-app.fixture.js';
import { verifierSettings } from '../runtime/verifier-options.js';
import { generateSigningKey } from './access-token.js';
import { TestIssuer } from './test-issuer.js';

@Controller('guarded')
@UseGuards(JwtGuard)
class GuardedController {
  @Get()
  list() {
    return {};
  }

  /** So that its service reads the feed in between, too. */
  @Get('fresh')
  @Freshness('1s')
  fresh() {
    return {};
  }
}

const [[, makeAdapter]] = platforms;

describe('TestIssuer, as services see its changes,', () => {
  let issuer: TestIssuer;
  const apps: INestApplication[] = [];
  const urls: string[] = [];

  beforeAll(async () => {
    // It makes its new keys for the same algorithm, in a hundredth of the time of RSA.
    issuer = await TestIssuer.start({ keys: [await generateSigningKey('ES256')] });
    for (let count = 0; count < 2; count++) {
      const app = await createApp(makeAdapter, {
        imports: [
          JwtCoreModule.forRoot({
            issuer: issuer.issuer,
            audience: issuer.audience,
            algorithms: ['ES256'],
          }),
        ],
        controllers: [GuardedController],
      });
      apps.push(app);
      urls.push(await listen(app));
      await issuer.ready(app);
    }
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await issuer.close();
  });

  const statuses = (token: string) =>
    Promise.all(
      urls.map(async (url) => (await ask(`${url}/guarded`, { headers: bearer(token) })).status),
    );

  it('has each token accepted that is minted after a rotation, however fast they follow', async () => {
    for (let count = 0; count < 5; count++) {
      // Services that are just reading the feed miss no rotation either.
      await issuer.revoke({ kind: 'jti', id: `other ${count}` });
      await issuer.rotateKey();
      expect(await statuses(issuer.mint())).toEqual([200, 200]);
    }
  });

  it('has each token accepted that is minted after the key was withdrawn', async () => {
    await issuer.withdraw(issuer.kid);
    expect(await statuses(issuer.mint())).toEqual([200, 200]);
  });

  it('has revoked a token everywhere when it says so', async () => {
    for (let count = 0; count < 5; count++) {
      const token = issuer.mint({ jti: `revoked ${count}` });
      expect(await statuses(token)).toEqual([200, 200]);
      await issuer.revoke({ kind: 'jti', id: `revoked ${count}` });
      expect(await statuses(token)).toEqual([401, 401]);
    }
  });

  const refusals = {
    expired: 'token_expired',
    notYetValid: 'token_invalid',
    otherAudience: 'token_invalid',
    otherIssuer: 'token_invalid',
    otherKey: 'token_invalid',
    tampered: 'token_invalid',
  } as const;
  it.each(Object.entries(refusals))('makes tokens that are refused: %s', async (kind, code) => {
    const token = issuer.mint[kind as keyof typeof refusals]();
    const { status, body } = await ask(`${urls[0]}/guarded`, { headers: bearer(token) });
    expect({ status, code: body.code }).toEqual({ status: 401, code });
    expect(issuer.mint[kind as keyof typeof refusals]()).not.toBe(token);
  });

  it.each(['sub', 'iss', 'aud', 'exp', 'iat', 'jti', 'client_id'])(
    'makes tokens without the claim %s',
    async (name) => {
      expect(await statuses(issuer.mint.withoutClaim(name))).toEqual([401, 401]);
      expect(await statuses(issuer.mint.withoutClaim('roles'))).toEqual([200, 200]);
    },
  );

  it('lets a service be stale at once, and fresh again when it comes back', async () => {
    const token = issuer.mint();
    expect(await statuses(token)).toEqual([200, 200]);
    await issuer.goStale(apps[0]!);
    const { status, body } = await ask(`${urls[0]}/guarded`, { headers: bearer(token) });
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'revocations_stale' });
    // It asks nobody: what it has is not too old for the other one.
    expect(apps[1]!.get(RevocationList).state).toBe('fresh');
    await issuer.revoke({ kind: 'jti', id: 'while it was away' });
    await issuer.comeBack();
    expect(await statuses(token)).toEqual([200, 200]);
    expect(await statuses(issuer.mint({ jti: 'while it was away' }))).toEqual([401, 401]);
  });

  it('goes down without waiting for a service, which has what it missed when it comes back', async () => {
    issuer.goDown();
    await expect(fetch(`${issuer.issuer}/.well-known/jwks.json`)).rejects.toThrow();
    const requests = issuer.requests('feed');
    await issuer.revoke({ kind: 'jti', id: 'while it was down' });
    expect(await statuses(issuer.mint({ jti: 'while it was down' }))).toEqual([200, 200]);
    await expect.poll(() => issuer.requests('feed')).toBeGreaterThan(requests);
    await issuer.comeBack();
    expect(await statuses(issuer.mint({ jti: 'while it was down' }))).toEqual([401, 401]);
  });

  it('ends the tokens of a client that were minted before, and none that is minted after', async () => {
    const client = { client_id: 'shop' };
    const tokens = [issuer.mint(client)];
    for (let count = 0; count < 3; count++) {
      await issuer.revoke({ kind: 'client', id: 'shop' });
      tokens.push(issuer.mint(client));
      for (const token of tokens.slice(0, -1)) expect(await statuses(token)).toEqual([401, 401]);
      expect(await statuses(tokens.at(-1)!)).toEqual([200, 200]);
    }
  });

  it('rotates its key without delay for a service that is gone', async () => {
    await apps.pop()?.close();
    urls.pop();
    let fastestMs = Infinity;
    for (let count = 0; count < 3; count++) {
      const started = performance.now();
      await issuer.rotateKey();
      fastestMs = Math.min(fastestMs, performance.now() - started);
    }
    // It would wait for three seconds each time.
    expect(fastestMs).toBeLessThan(2_500);
    expect(await statuses(issuer.mint())).toEqual([200]);
  });

  it('listens where it is told, unless something does', async () => {
    const port = Number(new URL(issuer.issuer).port);
    await expect(TestIssuer.start({ port })).rejects.toThrow('EADDRINUSE');
    await issuer.close();
    const next = await TestIssuer.start({ port });
    expect(next.issuer).toBe(issuer.issuer);
    issuer = next;
  });

  it('says what a service lacks that does not get ready', async () => {
    const settings = verifierSettings({ issuer: issuer.issuer, audience: issuer.audience }, 'spec');
    const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const notStarted = new JwtCoreRuntime(settings, log);
    await expect(issuer.ready({ get: () => notStarted }, 20)).rejects.toThrow(
      'Not ready within 20 ms: keys missing, revocation list blind',
    );
  });
});
