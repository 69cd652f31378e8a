import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Clock } from '../clock.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { failuresHere, loginLimits } from './attempt-limits.js';
import { LoginLimits, type CountedAttempt } from './login-limits.js';
import { LoginLimitsRepository } from './login-limits.repository.js';

let auth: AuthApp;
beforeAll(async () => {
  auth = await AuthApp.start();
});
afterAll(() => auth.close());

const HOUR_MS = 3_600_000;
const ACCOUNTS = ['one', 'two'];
/** From the first, each user has logged in before. */
const NETWORKS = ['198.51.100.1', '198.51.100.2', '198.51.100.3', 'unknown'];

interface Attempt {
  readonly account: string;
  readonly network: string;
  readonly isKnown: boolean;
}

interface UnderWay extends Attempt {
  readonly counted: CountedAttempt;
  readonly process: LoginLimits;
}

/** Numbers that a seed determines (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Two processes, whose clocks differ by a second, and what is counted of their attempts. */
class Model {
  nowMs = Date.now();
  readonly underWay: UnderWay[] = [];
  /** When strangers were allowed a wrong password for an account. */
  readonly guesses = new Map<string, number[]>();
  /** Failures in a row for an account from the network that it knows. */
  readonly failuresAtHome = new Map<string, number>();
  private readonly processes: LoginLimits[];

  constructor(private readonly run: string) {
    const repository = auth.get(LoginLimitsRepository);
    const clock = (aheadMs: number) =>
      Object.assign(new Clock(), { now: () => new Date(this.nowMs + aheadMs) });
    this.processes = [0, 1000].map((aheadMs) => new LoginLimits(repository, clock(aheadMs)));
  }

  async begin(attempt: Attempt, processIndex: number): Promise<void> {
    const process = this.processes[processIndex] as LoginLimits;
    const { account, network, isKnown } = attempt;
    const limits = loginLimits(
      { account: `${this.run}-${account}`, network: `${this.run}-${network}` },
      isKnown,
    );
    try {
      const counted = await process.begin(limits);
      this.underWay.push({ ...attempt, counted, process });
      const guesses = this.guesses.get(account) ?? [];
      if (!isKnown) this.guesses.set(account, [...guesses, this.nowMs]);
    } catch (error) {
      const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds: number };
      expect(code).toBe('too_many_attempts');
      // One second more for the difference between the clocks.
      expect(retryAfterSeconds).toBeLessThanOrEqual(61);
      if (isKnown) expect(this.failuresAtHome.get(account) ?? 0).toBeGreaterThanOrEqual(100);
    }
  }

  async end(attempt: UnderWay, isRight: boolean): Promise<void> {
    this.underWay.splice(this.underWay.indexOf(attempt), 1);
    const { account, isKnown, counted, process } = attempt;
    if (!isRight) {
      if (isKnown) this.failuresAtHome.set(account, (this.failuresAtHome.get(account) ?? 0) + 1);
      return void (await process.fail(counted).catch(() => undefined));
    }
    await process.succeed(counted, [failuresHere(counted.limits).key]);
    if (isKnown) this.failuresAtHome.set(account, 0);
    // A success ends the pause of the account at its network.
    if (isKnown) await process.assertNotPaused({ ...counted.limits, allowedDespitePause: 0 });
  }
}

describe.each([1, 2, 3])('two processes, run %i', (seed) => {
  it('allow less than a hundred guesses an hour, and never lock a user out of a known network', async () => {
    const next = random(seed);
    const model = new Model(`model-${seed}`);
    for (let step = 0; step < 250; step += 1) {
      const attempts = Array.from({ length: 1 + next(4) }, (): Attempt => {
        const network = NETWORKS[next(NETWORKS.length)] as string;
        const account = ACCOUNTS[next(ACCOUNTS.length)] as string;
        return { account, network, isKnown: network === NETWORKS[0] };
      });
      // At the same moment, at either process.
      await Promise.all(attempts.map((attempt) => model.begin(attempt, next(2))));
      while (model.underWay.length > 0 && next(3) > 0) {
        const attempt = model.underWay[next(model.underWay.length)] as UnderWay;
        // Strangers never have the right password.
        await model.end(attempt, attempt.isKnown && next(10) === 0);
      }
      model.nowMs += [0, 0, 10, 1_000, 30_000, 61_000][next(6)] as number;
    }
    for (const times of model.guesses.values()) {
      for (const start of times) {
        const inAnHour = times.filter((time) => time >= start && time < start + HOUR_MS);
        expect(inAnHour.length).toBeLessThanOrEqual(100);
      }
    }
  });
});
