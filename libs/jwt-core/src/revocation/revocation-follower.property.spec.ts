import { setImmediate as nextTurn } from 'node:timers/promises';
import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { compactId } from './compact-id.js';
import { RevocationFollower } from './revocation-follower.js';
import { RevocationList } from './revocation-list.js';
import type { RevocationBatch, RevocationSource } from './revocation-source.js';

const PAGE = 3;
const STEP_MS = 250;

interface Question {
  readonly after: string | undefined;
  answer: RevocationBatch | undefined;
  readonly resolve: (batch: RevocationBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** A server that answers late, in part, not at all, or knows no cursor of before its restart. */
class FaultyServer implements RevocationSource {
  readonly log: { readonly id: string; readonly atMs: number }[] = [];
  readonly questions: Question[] = [];
  isWell = false;
  private epoch = 0;

  read(after: string | undefined): Promise<RevocationBatch> {
    return new Promise((resolve, reject) => {
      const question = { after, answer: undefined, resolve, reject };
      if (this.isWell) resolve(this.batchAfter(after));
      else this.questions.push(question);
    });
  }

  revoke(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.log.push({ id: `jti-${this.log.length}`, atMs: Date.now() });
    }
  }

  restart(): void {
    this.epoch += 1;
  }

  recover(): void {
    this.isWell = true;
    for (const { after, answer, resolve } of this.questions.splice(0)) {
      resolve(answer ?? this.batchAfter(after));
    }
  }

  batchAfter(cursor: string | undefined): RevocationBatch {
    const [epoch, place] = (cursor ?? '').split(':');
    const reset = epoch !== String(this.epoch);
    const from = reset ? 0 : Number(place);
    const page = this.log.slice(from, from + PAGE);
    return {
      cursor: `${this.epoch}:${from + page.length}`,
      reset,
      more: from + page.length < this.log.length,
      entries: page.map(({ id }) => ({ kind: 'jti', id, exp: 10_000_000_000 })),
    };
  }
}

/** A server and its follower, on a clock that only `pass` moves. */
class Service {
  readonly server = new FaultyServer();
  readonly list = new RevocationList({ maxStalenessMs: 30_000, monotonicNow: () => Date.now() });
  readonly follower: RevocationFollower;
  wallAheadMs = 0;
  private readonly held = new Set<string>();

  constructor(strictestMs: number) {
    const { server: source, list } = this;
    const wallNow = () => Date.now() + this.wallAheadMs;
    this.follower = new RevocationFollower({ source, list, strictestMs, wallNow });
    this.follower.start();
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.settle();
      vi.advanceTimersByTime(Math.min(left, STEP_MS));
    }
    await this.settle();
  }

  holds(id: string): boolean {
    const others = { sessionId: undefined, clientId: 'web', kid: 'key-1', issuedAt: 0 };
    return this.list.isRevoked({ tokenId: compactId(id), ...others });
  }

  /**
   * What was revoked before the instant for which the list claims to be complete is in it, for
   * good.
   */
  assertHonest(): void {
    // A blind list lets nobody in, and may begin again with less.
    if (this.list.state === 'blind') return;
    const provenAtMs = Date.now() - this.list.proofAgeMs();
    const proven = this.server.log.filter(({ atMs }) => atMs < provenAtMs).map(({ id }) => id);
    expect([...proven, ...this.held].filter((id) => !this.holds(id))).toEqual([]);
    for (const { id } of this.server.log) if (this.holds(id)) this.held.add(id);
  }

  /** Everything happens that waits for nothing but its turn. */
  private async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn += 1) await nextTurn();
  }
}

class Step implements fc.AsyncCommand<object, Service> {
  constructor(
    private readonly name: string,
    private readonly act: (service: Service) => void | Promise<void>,
  ) {}

  check = () => true;

  async run(_model: object, service: Service): Promise<void> {
    // No two things happen at the same moment: one of them is before the other.
    await service.pass(1);
    await this.act(service);
    await service.pass(1);
    service.assertHonest();
  }

  toString = () => this.name;
}

const withQuestion = (name: string, act: (question: Question, server: FaultyServer) => void) =>
  fc.nat({ max: 3 }).map(
    (at) =>
      new Step(`${name} ${at}`, ({ server }) => {
        const question = server.questions[at % (server.questions.length || 1)];
        if (question) act(question, server);
      }),
  );
const remove = (question: Question, { questions }: FaultyServer) =>
  questions.splice(questions.indexOf(question), 1);

const revoking = fc
  .integer({ min: 1, max: 8 })
  .map((count) => new Step(`revoke ${count}`, ({ server }) => server.revoke(count)));
/** What is read now may arrive much later. */
const reading = withQuestion('read', (question, server) => {
  question.answer ??= server.batchAfter(question.after);
});
const answering = withQuestion('answer', (question, server) => {
  remove(question, server);
  question.resolve(question.answer ?? server.batchAfter(question.after));
});
const failing = withQuestion('fail', (question, server) => {
  remove(question, server);
  question.reject(new Error('broken'));
});
const waiting = fc
  .constantFrom(100, 600, 600, 3_000, 12_000)
  .map((ms) => new Step(`${ms} ms pass`, (service) => service.pass(ms)));
const restarting = fc.constant(new Step('restart', ({ server }) => server.restart()));
const settingTheClock = fc.constantFrom(-60_000, -1_500, 60_000).map(
  (ms) =>
    new Step(`clock by ${ms} ms`, (service) => {
      service.wallAheadMs += ms;
    }),
);
const steps = fc.commands(
  [
    ...[revoking, revoking, reading, answering, answering, answering, answering, failing],
    ...[waiting, waiting, waiting, restarting, settingTheClock],
  ],
  { size: 'max', maxCommands: 60 },
);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  // Pauses are as long each time, so that a case that failed fails again.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('a follower loses no revocation, and its list is never younger than it says', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(2_000, 30_000), async (all, strictestMs) => {
      const service = new Service(strictestMs);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: service }), all);
        // Once the server is well, all of it arrives.
        service.server.recover();
        await service.pass(5_000);
        service.assertHonest();
        expect(service.list.isFresh(2_000)).toBe(true);
        expect(service.server.log.filter(({ id }) => !service.holds(id))).toEqual([]);
      } finally {
        await service.follower.stop();
      }
    }),
    runs(60),
  );
});
