import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { Clock } from '../clock.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { loginLimits } from './attempt-limits.js';
import { AttemptLimiter, type Attempt as BegunAttempt } from './attempt-limiter.js';
import { LoginLimitsRepository } from './login-limits.repository.js';

const auth = AuthApp.forFile();

const HOUR_MS = 3_600_000;
/** Each user has logged in from here before. */
const HOME = '198.51.100.1';
const STRANGE = ['unknown', ...Array.from({ length: 30 }, (_, index) => `203.0.113.${index}`)];

interface Attempt {
  readonly account: string;
  readonly network: string;
  readonly isKnown: boolean;
}

interface UnderWay extends Attempt {
  readonly begun: BegunAttempt;
  readonly process: AttemptLimiter;
}

/** Two processes, whose clocks differ by a second, and what is counted of their attempts. */
class Model {
  nowMs = Date.now();
  readonly underWay: UnderWay[] = [];
  /** When strangers were allowed a wrong password for an account. */
  readonly guesses = new Map<string, number[]>();
  private readonly processes: AttemptLimiter[];

  constructor(private readonly run: string) {
    const repository = auth.get(LoginLimitsRepository);
    const clock = (aheadMs: number) =>
      Object.assign(new Clock(), { now: () => new Date(this.nowMs + aheadMs) });
    this.processes = [0, 1000].map((aheadMs) => new AttemptLimiter(repository, clock(aheadMs)));
  }

  async begin(attempt: Attempt, processIndex: number): Promise<void> {
    const process = this.processes[processIndex] as AttemptLimiter;
    const { account, network, isKnown } = attempt;
    const limits = loginLimits(
      { account: `${this.run}-${account}`, network: `${this.run}-${network}` },
      isKnown,
    );
    try {
      const begun = await process.begin(limits);
      this.underWay.push({ ...attempt, begun, process });
      const guesses = this.guesses.get(account) ?? [];
      if (!isKnown) this.guesses.set(account, [...guesses, this.nowMs]);
    } catch (error) {
      // The right password always gets in at a network that the account knows.
      if (isKnown) throw error;
      const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds: number };
      expect(code).toBe('too_many_attempts');
      // One second more for the difference between the clocks.
      expect(retryAfterSeconds).toBeLessThanOrEqual(61);
    }
  }

  async end(attempt: UnderWay, isRight: boolean): Promise<void> {
    this.underWay.splice(this.underWay.indexOf(attempt), 1);
    const { isKnown, begun, process } = attempt;
    if (!isRight) return void (await process.fail(begun).catch(() => undefined));
    await process.succeed(begun);
    // A success ends the pause of the account at its network.
    if (isKnown) await process.assertNotPaused({ ...begun.limits, allowedDespitePause: 0 });
  }
}

const attempt: fc.Arbitrary<Attempt & { process: number }> = fc
  .record({
    account: fc.constantFrom('one', 'one', 'one', 'two'),
    network: fc.oneof(
      { weight: 1, arbitrary: fc.constant(HOME) },
      { weight: 4, arbitrary: fc.constantFrom(...STRANGE) },
    ),
    process: fc.nat({ max: 1 }),
  })
  .map((given) => ({ ...given, isKnown: given.network === HOME }));
/** Which of the attempts that are under way ends, and how. */
const ending = fc.record({ at: fc.nat({ max: 9 }), isRight: fc.boolean() });
const round = fc.record({
  /** At the same moment. */
  attempts: fc.array(attempt, { minLength: 1, maxLength: 6, size: 'max' }),
  endings: fc.array(ending, { maxLength: 4 }),
  passingMs: fc.constantFrom(0, 0, 10, 1_000, 30_000, 61_000),
});

let run = 0;
it('two processes allow at most a hundred guesses an hour, and never lock a user out of a known network', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { maxLength: 120, size: 'max' }), async (rounds) => {
      const model = new Model(`model-${(run += 1)}`);
      for (const { attempts, endings, passingMs } of rounds) {
        await Promise.all(attempts.map((each) => model.begin(each, each.process)));
        for (const { at, isRight } of endings) {
          const ended = model.underWay[at % model.underWay.length];
          // Strangers never have the right password.
          if (ended) await model.end(ended, ended.isKnown && isRight);
        }
        model.nowMs += passingMs;
      }
      for (const times of model.guesses.values()) {
        for (const start of times) {
          const inAnHour = times.filter((time) => time >= start && time < start + HOUR_MS);
          expect(inAnHour.length).toBeLessThanOrEqual(100);
        }
      }
    }),
    runs(4),
  );
});
