import { networkOf } from '@jwt-auth/chassis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import {
  failuresHere,
  loginLimits,
  registrationLimits,
  secondFactorLimits,
  type AttemptLimits,
} from './attempt-limits.js';
import { AttemptLimiter } from './attempt-limiter.js';

const auth = AuthApp.forFile({ TRUST_PROXY: '1' });
let limits: AttemptLimiter;
let count = 0;

beforeAll(async () => {
  limits = auth.get(AttemptLimiter);
});
beforeEach(() => auth.clock.stop());
afterEach(() => auth.clock.reset());

const newAccount = (): string => `limits-${(count += 1)}@example.com`;
const newNetwork = (): string => `2001:db8:0:${(count += 1).toString(16)}::/64`;

const known = (account = newAccount(), network = newNetwork()): AttemptLimits =>
  loginLimits({ account, network }, true);
const unknown = (account = newAccount(), network = newNetwork()): AttemptLimits =>
  loginLimits({ account, network }, false);

/** Seconds of the pause that refuses such an attempt; 0: it is allowed. */
async function pause(of: AttemptLimits): Promise<number> {
  try {
    await limits.assertNotPaused(of);
    return 0;
  } catch (error) {
    const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds: number };
    expect(code).toBe('too_many_attempts');
    return retryAfterSeconds;
  }
}

/** Fails so often, each time as soon as it counts. */
async function fail(times: number, next: () => AttemptLimits): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const of = next();
    auth.clock.advance((await pause({ ...of, allowedDespitePause: 0 })) * 1000);
    await limits.fail(await limits.begin(of));
  }
}

/** Of attempts at the same moment, how many are allowed. */
async function allowed(attempts: readonly AttemptLimits[]): Promise<number> {
  const outcomes = await Promise.allSettled(attempts.map((of) => limits.begin(of)));
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe('failures at an account from an unknown network', () => {
  it('are free five times, then pause for longer and longer, up to a minute', async () => {
    const mine = unknown();
    const pauses: number[] = [];
    for (let failure = 1; failure <= 14; failure += 1) {
      await fail(1, () => mine);
      pauses.push(await pause(mine));
    }
    expect(pauses).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('refuse further attempts until the pause is over', async () => {
    const mine = unknown();
    await fail(7, () => mine);
    await expect(limits.begin(mine)).rejects.toMatchObject({ retryAfterSeconds: 2 });
    auth.clock.advance(2_000);
    await limits.begin(mine);
  });

  it('are forgotten after an hour without another', async () => {
    const mine = unknown();
    await fail(10, () => mine);
    auth.clock.advance(3_600_000);
    await fail(5, () => mine);
    expect(await pause(mine)).toBe(0);
  });

  it('are forgotten at the first success', async () => {
    const mine = unknown();
    await fail(9, () => mine);
    auth.clock.advance(8_000);
    await limits.succeed(await limits.begin(mine));
    await fail(5, () => mine);
    expect(await pause(mine)).toBe(0);
  });

  it('do not pause the account at another network', async () => {
    const account = newAccount();
    const mine = unknown(account);
    await fail(10, () => mine);
    expect(await pause(unknown(account))).toBe(0);
  });

  it('get no more tries at the same moment than one after another', async () => {
    const mine = unknown();
    expect(await allowed(Array.from({ length: 30 }, () => mine))).toBe(6);
  });

  it('count while the attempt is in progress, and no longer once it succeeds', async () => {
    const mine = unknown();
    const begun = [];
    for (let n = 0; n < 6; n += 1) begun.push(await limits.begin(mine));
    expect(await pause(mine)).toBe(1);
    for (const attempt of begun) await limits.succeed(attempt);
    expect(await allowed(Array.from({ length: 30 }, () => mine))).toBe(6);
  });
});

describe('failures at an account from all unknown networks', () => {
  it('pause them, for a minute at most', async () => {
    const account = newAccount();
    await fail(25, () => unknown(account));
    expect(await pause(unknown(account))).toBe(0);
    await fail(10, () => unknown(account));
    expect(await pause(unknown(account))).toBe(60);
  });

  it('are fewer than a hundred an hour, however many networks take part', async () => {
    const account = newAccount();
    const until = +auth.clock.now() + 3_600_000;
    let failures = 0;
    while (+auth.clock.now() < until) {
      failures += await allowed(Array.from({ length: 4 }, () => unknown(account)));
      const left = await pause(unknown(account));
      auth.clock.advance(left > 0 ? left * 1000 : 1);
    }
    expect(failures).toBeGreaterThan(50);
    expect(failures).toBeLessThanOrEqual(100);
  });

  it('do not pause a network that the account knows', async () => {
    const account = newAccount();
    await fail(40, () => unknown(account));
    expect(await pause(known(account))).toBe(0);
  });

  it('are not forgotten when the user logs in', async () => {
    const [account, network] = [newAccount(), newNetwork()];
    await fail(40, () => unknown(account));
    const home = known(account, network);
    await limits.succeed(await limits.begin(home));
    expect(await pause(unknown(account))).toBe(60);
  });
});

describe('failures from one network at many accounts', () => {
  it('are free a hundred times, then pause', async () => {
    const network = newNetwork();
    await fail(100, () => unknown(newAccount(), network));
    expect(await pause(unknown(newAccount(), network))).toBe(0);
    await fail(3, () => unknown(newAccount(), network));
    expect(await pause(unknown(newAccount(), network))).toBe(4);
  });

  it('are not forgotten when the guesser logs in to an account of their own', async () => {
    const network = newNetwork();
    await fail(103, () => unknown(newAccount(), network));
    const own = unknown(newAccount(), network);
    auth.clock.advance(4_000);
    await limits.succeed(await limits.begin(own));
    await fail(1, () => unknown(newAccount(), network));
    expect(await pause(own)).toBe(8);
  });

  it.each(['203.0.113.9', 'unknown'])(
    'do not pause the accounts that know the network %s',
    async (network) => {
      await fail(110, () => unknown(newAccount(), network));
      expect(await pause(unknown(newAccount(), network))).toBe(60);
      expect(await pause(known(newAccount(), network))).toBe(0);
    },
  );
});

describe('failures at an account from a network that it knows', () => {
  it('never block the right password, however many there are', async () => {
    const mine = known();
    await fail(120, () => mine);
    expect(await pause({ ...mine, allowedDespitePause: 0 })).toBe(60);
    const attempts = Array.from({ length: 120 }, () => mine);
    expect(await allowed(attempts)).toBe(120);
    await limits.succeed(await limits.begin(mine));
    expect(await pause({ ...mine, allowedDespitePause: 0 })).toBe(0);
  });

  it('block the right second factor after a hundred', async () => {
    const mine = secondFactorLimits(newAccount(), newNetwork(), true);
    expect(await allowed(Array.from({ length: 120 }, () => mine))).toBe(100);
    expect(await pause(mine)).toBe(60);
    auth.clock.advance(60_000);
    expect(await allowed([mine, mine])).toBe(1);
  });

  // threat:account-enumeration
  it('are reported as those of an account that does not exist', async () => {
    const reported = async (of: AttemptLimits) => {
      const pauses: number[] = [];
      for (let n = 0; n < 40; n += 1) {
        const failure = limits.begin(of).then((begun) => limits.fail(begun));
        pauses.push(
          await failure.then(
            () => 0,
            ({ retryAfterSeconds }: { retryAfterSeconds: number }) => retryAfterSeconds,
          ),
        );
        // Some during a pause, and some after it.
        auth.clock.advance(n % 3 === 0 ? 20_000 : 400);
      }
      return pauses;
    };
    const [ofKnown, ofUnknown] = [await reported(known()), await reported(unknown())];
    expect(new Set(ofKnown).size).toBeGreaterThan(3);
    expect(ofKnown).toEqual(ofUnknown);
  });
});

describe('registrations from a network', () => {
  it('pause after twenty that revealed an account', async () => {
    const of = registrationLimits(newNetwork(), 300);
    await fail(20, () => of);
    expect(await pause(of)).toBe(0);
    await fail(1, () => of);
    expect(await pause(of)).toBe(1);
  });

  it('pause beyond their limit when all succeed, until the hour is over', async () => {
    const of = registrationLimits(newNetwork(), 30);
    for (let n = 0; n < 31; n += 1) {
      auth.clock.advance(60_000);
      await limits.succeed(await limits.begin(of));
    }
    expect(await pause(of)).toBe(1);
    auth.clock.advance(1_800_000);
    for (let n = 0; n < 30; n += 1) await limits.succeed(await limits.begin(of));
    expect(await pause(of)).toBe(0);
  });
});

describe('over HTTP', () => {
  const login = (email: string, password: string, address: string) =>
    auth.call('POST', '/auth/login', {
      body: { email, password },
      headers: { 'x-forwarded-for': address },
    });

  it('a guesser is paused, and the user can log in from a known network', async () => {
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

  it('a user can log in from a known network while neighbours guess there', async () => {
    const email = 'neighbour@example.com';
    await auth.register(email);
    expect((await login(email, PASSWORD, '2001:db8:77::1')).status).toBe(200);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      statuses.push((await login(email, `guess ${guess}`, '2001:db8:77::2')).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
    const { key } = failuresHere({ account: email, network: networkOf('2001:db8:77::1') });
    const sql = 'UPDATE login_limits SET failures = 1000 WHERE key = $1 RETURNING key';
    expect(await auth.dataSource.query(sql, [key])).toMatchObject([[{}], 1]);
    expect((await login(email, PASSWORD, '2001:db8:77::3')).status).toBe(200);
    expect((await login(email, 'the next guess', '2001:db8:77::3')).status).toBe(401);
  });

  it('an unknown e-mail is limited like a known one', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      statuses.push((await login('nobody@example.com', PASSWORD, '192.0.2.67')).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429]);
  });

  it('simultaneous guesses do not get past the limit', async () => {
    const email = 'parallel@example.com';
    await auth.register(email);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => login(email, `parallel guess ${n}`, '192.0.2.68')),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(6);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(34);
  });

  it('registration answers the same for any e-mail after it has revealed twenty accounts', async () => {
    const register = (email: string, address: string) =>
      auth.call('POST', '/auth/register', {
        body: { email, password: PASSWORD },
        headers: { 'x-forwarded-for': address },
      });
    const email = 'searched@example.com';
    await auth.register(email);
    for (let n = 0; n < 21; n += 1) {
      expect((await register(email, '192.0.2.69')).status).toBe(409);
    }
    const answers = [
      await register(email, '192.0.2.69'),
      await register('new@example.com', '192.0.2.69'),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { code: 'too_many_attempts' },
      });
    }
    expect((await register('new@example.com', '192.0.2.70')).status).toBe(201);
  });

  it('stores no e-mails', async () => {
    const keys = await auth.dataSource.query<{ key: string }[]>('SELECT key FROM login_limits');
    expect(keys.filter(({ key }) => key.includes('example.com'))).toEqual([]);
  });
});
