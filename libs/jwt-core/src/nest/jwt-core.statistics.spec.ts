import { Controller, Get, type INestApplication, Logger, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { JwtCoreModule } from './jwt-core.module.js';
import { JwtCoreStatistics } from '../runtime/statistics.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from '../passport/jwt.strategy.js';
import { ask, bearer, createApp, listen, platforms } from './nest-app.fixture.js';

@Controller('guarded')
@UseGuards(JwtGuard)
class GuardedController {
  @Get()
  list() {
    return {};
  }
}

@Controller('passport')
@UseGuards(AuthGuard('jwt'))
class PassportController {
  @Get()
  list() {
    return {};
  }
}

const [[, makeAdapter]] = platforms;
const none = {
  accepted: 0,
  token_missing: 0,
  token_invalid: 0,
  token_expired: 0,
  token_revoked: 0,
  keys_unavailable: 0,
  introspection_unavailable: 0,
  revocations_stale: 0,
};

describe('JwtCoreStatistics', () => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let url: string;
  let statistics: JwtCoreStatistics;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    app = await createApp(makeAdapter, {
      imports: [JwtCoreModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
      controllers: [GuardedController, PassportController],
      providers: [JwtStrategy],
    });
    url = await listen(app);
    statistics = app.get(JwtCoreStatistics);
    await vi.waitFor(() => expect(statistics.revocationList.state).toBe('fresh'), 30_000);
    await vi.waitFor(() => expect(statistics.keySet?.state).toBe('fresh'), 30_000);
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it.each(['guarded', 'passport'])('counts each verdict of /%s once', async (route) => {
    const before = { ...statistics.verdicts };
    const usesBefore = statistics.remembered.uses;
    const good = issuer.mint();
    const { entries } = statistics.revocationList;
    const revoked = issuer.mint({ jti: `revoked on ${route}` });
    await issuer.revoke({ kind: 'jti', id: `revoked on ${route}` });
    await expect.poll(() => statistics.revocationList.entries).toBeGreaterThan(entries);
    const iat = Math.floor(Date.now() / 1000) - 900;
    const sent = [good, good, `${good}x`, issuer.mint({ iat, exp: iat + 60 }), revoked];
    for (const token of sent) await ask(`${url}/${route}`, { headers: bearer(token) });
    await ask(`${url}/${route}`);

    const counted = Object.entries(statistics.verdicts).map(([verdict, count]) => [
      verdict,
      count - before[verdict as keyof typeof before],
    ]);
    expect(Object.fromEntries(counted)).toEqual({
      ...none,
      accepted: 2,
      token_invalid: 1,
      token_expired: 1,
      token_revoked: 1,
      token_missing: 1,
    });
    expect(statistics.remembered.uses - usesBefore).toBe(1);
  });

  it('counts a verdict that had to wait for a key', async () => {
    const { accepted, token_invalid: invalid } = statistics.verdicts;
    const tokens = [issuer.mint({}, { kid: 'unknown' })];
    await issuer.rotateKey();
    tokens.push(issuer.mint());
    for (const token of tokens) await ask(`${url}/guarded`, { headers: bearer(token) });
    expect(statistics.verdicts.token_invalid - invalid).toBe(1);
    expect(statistics.verdicts.accepted - accepted).toBe(1);
  });

  it('reports the state of list, keys and remembered tokens', () => {
    const { proofAgeMs, ...list } = statistics.revocationList;
    expect(list).toMatchObject({ state: 'fresh', replacements: 0, maxStalenessMs: 30_000 });
    expect(proofAgeMs).toBeLessThan(30_000);
    expect(statistics.keySet?.keys).toBeGreaterThan(0);
    expect(statistics.keySet?.ageMs).toBeGreaterThanOrEqual(0);
    expect(statistics.remembered.tokens).toBeGreaterThan(0);
  });

  it('reports a reach to each listener until it is removed', () => {
    const reports: string[] = [];
    const endOne = statistics.onReach((ms) => reports.push(`one ${ms}`));
    const endTwo = statistics.onReach((ms) => reports.push(`two ${ms}`));
    statistics.noteReach(5);
    endOne();
    statistics.noteReach(7);
    endTwo();
    expect(reports).toEqual(['one 5', 'two 5', 'two 7']);
  });

  it('logs once that a listener throws, and reports to the others', () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const reports: number[] = [];
    const ends = [
      statistics.onReach(() => {
        throw new Error('no such gauge');
      }),
      statistics.onReach((ms) => reports.push(ms)),
    ];
    for (const ms of [5, 7]) expect(() => statistics.noteReach(ms)).not.toThrow();
    for (const end of ends) end();
    expect(reports).toEqual([5, 7]);
    expect(error.mock.calls).toEqual([[expect.stringContaining('no such gauge')]]);
    error.mockRestore();
  });
});
