import { Controller, Get, type INestApplication, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JwtCoreModule } from '../nest/jwt-core.module.js';
import { JwtGuard } from '../nest/jwt.guard.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { ask, bearer, createApp, listen, platforms } from '../nest/nest-app.fixture.js';
import { TestIssuer } from './test-issuer.js';

@Controller('guarded')
@UseGuards(JwtGuard)
class GuardedController {
  @Get()
  list() {
    return {};
  }
}

const [[, makeAdapter]] = platforms;

describe('TestIssuer, as services see its changes,', () => {
  let issuer: TestIssuer;
  const apps: INestApplication[] = [];
  const urls: string[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    for (let count = 0; count < 2; count++) {
      const app = await createApp(makeAdapter, {
        imports: [JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
        controllers: [GuardedController],
      });
      apps.push(app);
      urls.push(await listen(app));
      const { checks } = app.get(JwtCoreReadiness);
      const faults = () => checks.map((each) => each.check());
      await vi.waitFor(() => expect(faults()).toEqual([undefined, undefined]), 30_000);
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
      issuer.revoke({ kind: 'jti', id: `other ${count}` });
      await issuer.rotateKey();
      expect(await statuses(issuer.mint())).toEqual([200, 200]);
    }
  });

  it('has each token accepted that is minted after the key was withdrawn', async () => {
    await issuer.withdraw(issuer.kid);
    expect(await statuses(issuer.mint())).toEqual([200, 200]);
  });

  it('ends the tokens of a client that were minted before, and none that is minted after', async () => {
    const client = { client_id: 'shop' };
    const tokens = [issuer.mint(client)];
    for (let count = 0; count < 3; count++) {
      issuer.revoke({ kind: 'client', id: 'shop' });
      tokens.push(issuer.mint(client));
      for (const token of tokens.slice(0, -1)) {
        await expect.poll(() => statuses(token)).toEqual([401, 401]);
      }
      expect(await statuses(tokens.at(-1)!)).toEqual([200, 200]);
    }
  });

  it('rotates its key without delay for a service that is gone', async () => {
    await apps.pop()?.close();
    urls.pop();
    const started = performance.now();
    await issuer.rotateKey();
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(await statuses(issuer.mint())).toEqual([200]);
  });
});
