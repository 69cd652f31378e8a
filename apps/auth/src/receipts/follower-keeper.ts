import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { FollowerExchange } from './follower-exchange.js';
import { keyOf, type Follower, type FollowerKey } from './follower.js';
import { FollowersRepository } from './followers.repository.js';
import { FOLLOWER_LIMITS, OwnFollowers, type FollowerChange } from './own-followers.js';

/** Of a follower that is new or leaves: receipts of other processes must know of it. */
const SAVES_SOON_EVERY_MS = 500;
/** Of all: two thousand rows take 80 ms. */
const SAVES_EVERY_MS = 5_000;
const FORGETS_EVERY_MS = 60_000;

type LeftFollower = Extract<FollowerChange, { kind: 'left' }>;

/**
 * Saves the followers of this process for the others and for its successors: all of them in one
 * statement every five seconds, and those that are new or leave twice a second.
 */
@Injectable()
export class FollowerKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(FollowerKeeper.name);
  private readonly added = new Set<FollowerKey>();
  private readonly left = new Map<FollowerKey, LeftFollower>();
  private savedAllAtMs = -Infinity;
  private forgotAtMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly own: OwnFollowers,
    private readonly repository: FollowersRepository,
    private readonly exchange: FollowerExchange,
  ) {
    own.onChange((change) => this.note(change));
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.run().finally(() => (this.running = undefined));
    }, SAVES_SOON_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /**
   * Writes what is due. One call after the other, so that an earlier one does not write a follower that
   * a later one has removed.
   */
  save(nowMs = performance.now()): Promise<void> {
    const saved = this.saving.then(() => this.write(nowMs));
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  private async write(nowMs: number): Promise<void> {
    await this.removeLeft();
    const areAllDue = nowMs - this.savedAllAtMs >= SAVES_EVERY_MS;
    if (areAllDue) this.savedAllAtMs = nowMs;
    const isDue = (follower: Follower) => areAllDue || this.added.has(keyOf(follower));
    const followers = this.own.list().filter(isDue);
    this.added.clear();
    await this.repository.save(this.exchange.process, followers, nowMs);
    if (nowMs - this.forgotAtMs < FORGETS_EVERY_MS) return;
    this.forgotAtMs = nowMs;
    await this.repository.removeForgotten();
  }

  private async removeLeft(): Promise<void> {
    const left = [...this.left.values()];
    if (left.length === 0) return;
    const removed = await this.repository.remove(left.map(({ identity }) => identity));
    for (const change of left) {
      const key = keyOf(change.identity);
      if (this.left.get(key) === change) this.left.delete(key);
    }
    // Anyone can say that someone leaves: only those that were known somewhere are reported.
    const known = left.filter(({ wasKnown }) => wasKnown).map(({ identity }) => identity);
    const reported = [...known, ...removed];
    if (reported.length > 0) await this.exchange.reportLeft(reported);
  }

  private note(change: FollowerChange): void {
    if (change.kind === 'left') {
      const key = keyOf(change.identity);
      this.added.delete(key);
      if (this.left.size < FOLLOWER_LIMITS.total) this.left.set(key, change);
    } else {
      if (change.isNew) this.added.add(keyOf(change.follower));
      this.left.delete(keyOf(change.follower));
    }
  }

  private async run(): Promise<void> {
    try {
      await this.save();
    } catch (error) {
      // All are saved again in five seconds.
      this.logger.debug('Could not save the followers of the feed', error);
    }
  }
}
