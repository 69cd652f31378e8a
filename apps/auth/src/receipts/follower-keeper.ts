import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { FollowerExchange } from './follower-exchange.js';
import { keyOf, type FollowerKey } from './follower.js';
import { FollowersRepository } from './followers.repository.js';
import { FOLLOWER_LIMITS, OwnFollowers, type FollowerChange } from './own-followers.js';

/** Of a follower that is new or leaves: receipts of other processes must know of it. */
const SOON_MS = 50;
/** Anyone can make up new followers all the time. */
const SAVES_SOON_EVERY_MS = 500;
const SAVES_EVERY_MS = 5_000;
type LeftFollower = Extract<FollowerChange, { kind: 'left' }>;

/** A follower that only waits is saved less often. */
const STILL_THERE_MS = 10_000;
const FORGETS_EVERY_MS = 60_000;

/**
 * Saves the followers of this process for the others and for its successors: in one statement every
 * five seconds, whatever their number.
 */
@Injectable()
export class FollowerKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(FollowerKeeper.name);
  private readonly unsaved = new Set<FollowerKey>();
  private readonly left = new Map<FollowerKey, LeftFollower>();
  /** When those that are saved had last been heard of. */
  private readonly savedAtMs = new Map<FollowerKey, number>();
  private forgotAtMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = Infinity;
  /** A follower is new or has left since the last run began. */
  private hasNews = false;
  private ranAtMs = -Infinity;
  private running: Promise<void> | undefined;
  private saving: Promise<void> = Promise.resolve();
  private isStopped = true;

  constructor(
    private readonly own: OwnFollowers,
    private readonly repository: FollowersRepository,
    private readonly exchange: FollowerExchange,
  ) {
    own.onChange((change) => this.note(change));
  }

  onApplicationBootstrap(): void {
    this.isStopped = false;
    this.schedule(SAVES_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * Writes what has changed since the last call. One call after the other, so that an earlier one does
   * not write a follower that a later one has removed.
   */
  save(nowMs = performance.now()): Promise<void> {
    const saved = this.saving.then(() => this.write(nowMs));
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  private async write(nowMs: number): Promise<void> {
    await this.removeLeft();
    const followers = this.own.list().filter((follower) => {
      const savedAtMs = this.savedAtMs.get(keyOf(follower)) ?? -Infinity;
      const isStill = follower.seenAtMs - savedAtMs >= STILL_THERE_MS;
      return isStill || this.unsaved.has(keyOf(follower));
    });
    this.unsaved.clear();
    await this.repository.save(this.exchange.process, followers, nowMs);
    for (const follower of followers) this.savedAtMs.set(keyOf(follower), follower.seenAtMs);
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
      this.savedAtMs.delete(key);
      this.unsaved.delete(key);
      if (this.left.size < FOLLOWER_LIMITS.total) this.left.set(key, change);
    } else {
      this.unsaved.add(keyOf(change.follower));
      this.left.delete(keyOf(change.follower));
    }
    if (change.kind === 'moved' && !change.isNew) return;
    this.hasNews = true;
    this.schedule(Math.max(SOON_MS, this.ranAtMs + SAVES_SOON_EVERY_MS - performance.now()));
  }

  private schedule(delayMs: number): void {
    const dueAtMs = performance.now() + delayMs;
    if (this.isStopped || dueAtMs >= this.dueAtMs) return;
    clearTimeout(this.timer);
    this.dueAtMs = dueAtMs;
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, delayMs).unref();
  }

  private async run(): Promise<void> {
    this.hasNews = false;
    try {
      await this.save();
    } catch (error) {
      // What has changed since is saved with the next run, the rest when it is heard of again.
      this.logger.debug('Could not save the followers of the feed', error);
    }
    this.ranAtMs = performance.now();
    this.dueAtMs = Infinity;
    // What came during this run may have come too late for its statement.
    this.schedule(this.hasNews ? SAVES_SOON_EVERY_MS : SAVES_EVERY_MS);
  }
}
