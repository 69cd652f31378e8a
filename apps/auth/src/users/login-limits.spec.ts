import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { Attempt } from './login-attempt.js';
import { LoginLimits } from './login-limits.js';
import { findLoginRecord } from './login-record.js';

let auth: AuthApp;
let limits: LoginLimits;
let count = 0;

beforeAll(async () => {
  auth = await AuthApp.start({ TRUST_PROXY: '1' });
  limits = auth.get(LoginLimits);
});
afterAll(() => auth.close());

/** An attempt that shares no count with any other test. */
function attempt(of: Partial<Attempt> = {}): Attempt {
  count += 1;
  return {
    account: `limits-${count}@example.com`,
    address: `2001:db8:0:${count.toString(16)}::1`,
    isKnownAddress: async () => false,
    ...of,
  };
}

async function fail(times: number, next: () => Attempt): Promise<void> {
  for (let n = 0; n < times; n += 1) await limits.failed(next());
}

/** Seconds to wait; 0: none. */
async function pause(of: Attempt): Promise<number> {
  try {
    await limits.admit(of, await findLoginRecord(auth.dataSource.manager, of));
    return 0;
  } catch (error) {
    const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds: number };
    expect(code).toBe('too_many_attempts');
    return retryAfterSeconds;
  }
}

describe('failures at an account from one address', () => {
  it('are free five times, then pause for longer and longer, up to a quarter of an hour', async () => {
    const mine = attempt({ isKnownAddress: async () => true });
    const pauses: number[] = [];
    for (let failure = 1; failure <= 18; failure += 1) {
      await limits.failed(mine);
      pauses.push(await pause(mine));
    }
    expect(pauses).toEqual([
      ...[0, 0, 0, 0, 0],
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900],
    ]);
  });

  it('are over when the pause is', async () => {
    const mine = attempt();
    await fail(7, () => mine);
    expect(await pause(mine)).toBe(2);
    auth.clock.advance(2_000);
    expect(await pause(mine)).toBe(0);
    auth.clock.reset();
  });

  it('are forgotten after an hour', async () => {
    const mine = attempt();
    await fail(10, () => mine);
    auth.clock.advance(3_600_000);
    await limits.failed(mine);
    expect(await pause(mine)).toBe(0);
    auth.clock.reset();
  });

  it('are forgiven by a success', async () => {
    const mine = attempt();
    await fail(5, () => mine);
    await limits.succeeded(mine);
    await limits.failed(mine);
    expect(await pause(mine)).toBe(0);
  });

  it('do not pause whoever comes from another address', async () => {
    const mine = attempt();
    await fail(10, () => mine);
    expect(await pause(attempt({ account: mine.account }))).toBe(0);
  });

  it('are counted for a whole IPv6 network', async () => {
    const mine = attempt();
    const neighbour = mine.address.replace('::1', '::2');
    await fail(6, () => mine);
    expect(await pause({ ...mine, address: neighbour })).toBe(1);
  });

  it('are counted one by one when they come at once', async () => {
    const mine = attempt();
    await Promise.all(Array.from({ length: 10 }, () => limits.failed(mine)));
    const [row] = await auth.dataSource.query<{ failures: number }[]>(
      `SELECT failures FROM login_limits WHERE key LIKE $1`,
      [`address:${mine.address.slice(0, -3)}%`],
    );
    expect(row?.failures).toBe(10);
  });
});

describe('failures at an account from everywhere', () => {
  it('pause strangers, for a minute at most', async () => {
    const { account } = attempt();
    await fail(50, () => attempt({ account }));
    expect(await pause(attempt({ account }))).toBe(0);
    await fail(20, () => attempt({ account }));
    expect(await pause(attempt({ account }))).toBe(60);
  });

  it('never pause the person at an address where they have been before', async () => {
    const { account } = attempt();
    await fail(70, () => attempt({ account }));
    expect(await pause(attempt({ account, isKnownAddress: async () => true }))).toBe(0);
  });
});

describe('failures from one address at many accounts', () => {
  it('are free a hundred times, then pause', async () => {
    const { address } = attempt();
    await fail(100, () => attempt({ address }));
    expect(await pause(attempt({ address }))).toBe(0);
    await fail(3, () => attempt({ address }));
    expect(await pause(attempt({ address }))).toBe(4);
  });

  it('are not forgiven by logging in to an account of one’s own', async () => {
    const { address } = attempt();
    await fail(103, () => attempt({ address }));
    const own = attempt({ address });
    await limits.succeeded(own);
    expect(await pause(own)).toBe(4);
  });
});

describe('over HTTP', () => {
  const login = (email: string, password: string, address: string) =>
    auth.call('POST', '/auth/login', {
      body: { email, password },
      headers: { 'x-forwarded-for': address },
    });

  it('a guesser is told when to come back, and a person gets in from where they always do', async () => {
    const email = 'victim@example.com';
    await auth.register(email);
    expect((await login(email, PASSWORD, '192.0.2.1')).status).toBe(200);
    for (let guess = 0; guess < 6; guess += 1) {
      expect((await login(email, `guess ${guess}`, '192.0.2.66')).status).toBe(401);
    }
    const answer = await login(email, PASSWORD, '192.0.2.66');
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    expect(answer.headers['retry-after']).toBe('1');
    expect((await login(email, PASSWORD, '192.0.2.1')).status).toBe(200);
  });

  it('an unknown e-mail is limited like a known one', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      statuses.push((await login('nobody@example.com', PASSWORD, '192.0.2.67')).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429]);
  });

  it('guesses that come at once are no way past the limit', async () => {
    const email = 'parallel@example.com';
    await auth.register(email);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => login(email, `parallel guess ${n}`, '192.0.2.68')),
    );
    // Two hashes run at once, so one may still be under way when the limit is reached.
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(8);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(32);
  });

  it('keeps no e-mails', async () => {
    const keys = await auth.dataSource.query<{ key: string }[]>('SELECT key FROM login_limits');
    expect(keys.filter(({ key }) => key.includes('example.com'))).toEqual([]);
  });
});
