import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { compactId } from './compact-id.js';
import { RevocationFollower, type RevocationFollowerOptions } from './revocation-follower.js';
import { RevocationList } from './revocation-list.js';
import type { ReadOptions, RevocationBatch, RevocationSource } from './revocation-source.js';

/** A question of the follower, open until the test answers it. */
export interface Question extends ReadOptions {
  readonly after: string | undefined;
  answer(batch?: Partial<RevocationBatch>): void;
  fail(error: unknown): void;
}

/** A source whose answers the test gives, when it wants. */
export class HeldSource implements RevocationSource {
  readonly questions: Question[] = [];

  read(after: string | undefined, options: ReadOptions): Promise<RevocationBatch> {
    return new Promise((resolve, fail) => {
      const plain = { cursor: `c${this.questions.length}`, reset: false, more: false, entries: [] };
      const answer = (batch: Partial<RevocationBatch> = {}) => resolve({ ...plain, ...batch });
      this.questions.push({ after, ...options, answer, fail });
    });
  }
}

/** A new follower of such a source for each test, on clocks that only `pass` moves. */
export class FollowerHarness {
  source!: HeldSource;
  list!: RevocationList;
  follower!: RevocationFollower;
  clock!: { nowMs: number; wallMs: number };
  readonly log = {
    log: vi.fn<(message: string) => void>(),
    warn: vi.fn<(message: string) => void>(),
    error: vi.fn<(message: string) => void>(),
  };

  constructor() {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      this.clock = { nowMs: 1_000, wallMs: 1_700_000_000_000 };
      this.source = new HeldSource();
      this.log.log.mockClear();
      this.log.warn.mockClear();
    });
    afterEach(async () => {
      await this.follower.stop();
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
    });
  }

  make(options: Partial<RevocationFollowerOptions> = {}, maxStalenessMs = 30_000): void {
    const { source, log, clock } = this;
    const list = new RevocationList({ maxStalenessMs, monotonicNow: () => clock.nowMs });
    this.follower = new RevocationFollower({
      source,
      list,
      log,
      wallNow: () => clock.wallMs,
      ...options,
    });
    this.list = list;
  }

  start(options: Partial<RevocationFollowerOptions> = {}, maxStalenessMs = 30_000): void {
    this.make(options, maxStalenessMs);
    this.follower.start();
  }

  /** Lets time go by for everything: timers, the monotonic and the wall clock. */
  async pass(ms: number): Promise<void> {
    await turns();
    this.clock.nowMs += ms;
    this.clock.wallMs += ms;
    await vi.advanceTimersByTimeAsync(ms);
    await turns();
  }

  /** The last question, which must be the one of that number, after some time if given. */
  async question(number: number, afterMs = 0): Promise<Question> {
    await this.pass(afterMs);
    expect(this.source.questions).toHaveLength(number);
    return this.source.questions[number - 1]!;
  }

  holds(id: string): boolean {
    const others = { sessionId: undefined, clientId: 'web', kid: 'key-1', issuedAt: 0 };
    return this.list.isRevoked({ tokenId: compactId(id), ...others });
  }
}

/** Lets everything happen that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}
