import { randomUUID } from 'node:crypto';

import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { keyOf, type Follower, type FollowerKey } from './follower.js';
import { FOLLOWER_CHANNELS, FollowersRepository } from './followers.repository.js';
import { FOLLOWER_LIMITS, OwnFollowers, type FollowerChange } from './own-followers.js';

/** Of a follower that is new or goes: receipts of other processes must know of it. */
const SAVES_SOON_EVERY_MS = 500;
/** Of all: two thousand rows take 80 ms. */
const SAVES_EVERY_MS = 5_000;
/** The same while somebody waits. */
const SAVES_WANTED_EVERY_MS = 1_000;
/** Longer than until the next ask of somebody who waits, even if one is lost. */
const WANTED_FOR_MS = 3_000;
/** While somebody waits, the changes of this time are one statement. */
const SAVES_CHANGES_AFTER_MS = 5;
const FORGETS_EVERY_MS = 60_000;

/**
 * Saves the followers of this process for the others and for its successors: all of them in one
 * statement every five seconds, and those that are new or go twice a second. While somebody at any
 * process waits, each change is saved at once.
 */
@Injectable()
export class FollowerKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(FollowerKeeper.name);
  /** Of this auth process. */
  private readonly process = randomUUID();
  private readonly added = new Set<FollowerKey>();
  private readonly moved = new Set<FollowerKey>();
  private readonly left = new Map<FollowerKey, FollowerIdentity>();
  private readonly dropped = new Map<FollowerKey, FollowerIdentity>();
  private wantedUntilMs = -Infinity;
  private savedAllAtMs = -Infinity;
  private forgotAtMs = -Infinity;
  private tookMs = 0;
  private isStopping = false;
  private interval: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly own: OwnFollowers,
    private readonly repository: FollowersRepository,
  ) {
    own.onChange((change) => this.note(change));
  }

  onApplicationBootstrap(): void {
    this.interval = setInterval(() => this.run(), SAVES_SOON_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.interval);
    clearTimeout(this.soon);
    await this.running;
  }

  /** Somebody waits for what followers apply. */
  noteAsk(nowMs = performance.now()): void {
    this.wantedUntilMs = nowMs + WANTED_FOR_MS;
    this.runSoon();
  }

  /** Another process has removed a follower, which may have asked this one before. */
  noteLeft(key: FollowerKey): void {
    this.own.forget(key);
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

  private get isChanged(): boolean {
    return [this.added, this.moved, this.left, this.dropped].some(({ size }) => size > 0);
  }

  private async write(nowMs: number): Promise<void> {
    const isWanted = nowMs <= this.wantedUntilMs;
    const { isChanged } = this;
    await this.removeGone();
    const everyMs = isWanted ? SAVES_WANTED_EVERY_MS : SAVES_EVERY_MS;
    const areAllDue = nowMs - this.savedAllAtMs >= everyMs;
    const due = new Set([...this.added, ...(isWanted ? this.moved : [])]);
    const followers = this.own.list().filter((each) => areAllDue || due.has(keyOf(each)));
    this.added.clear();
    if (areAllDue || isWanted) this.moved.clear();
    if (areAllDue) this.savedAllAtMs = nowMs;
    await this.saveNow(followers, nowMs);
    if (isWanted && isChanged) await this.repository.notify(FOLLOWER_CHANNELS.saved);
    if (nowMs - this.forgotAtMs < FORGETS_EVERY_MS) return;
    this.forgotAtMs = nowMs;
    await this.repository.removeForgotten();
  }

  private async saveNow(followers: readonly Follower[], nowMs: number): Promise<void> {
    try {
      await this.repository.save(this.process, followers);
    } catch (error) {
      this.savedAllAtMs = -Infinity;
      throw error;
    }
  }

  private async removeGone(): Promise<void> {
    for (const [gone, process] of [[this.left], [this.dropped, this.process]] as const) {
      const removed = [...gone.entries()];
      if (removed.length === 0) continue;
      const identities = removed.map(([, identity]) => identity);
      if (process === undefined) await this.repository.remove(identities);
      else await this.repository.removeOf(process, identities);
      for (const [key, identity] of removed) if (gone.get(key) === identity) gone.delete(key);
    }
  }

  private note(change: FollowerChange): void {
    if (change.kind === 'moved') {
      const key = keyOf(change.follower);
      (change.isNew ? this.added : this.moved).add(key);
      this.left.delete(key);
      this.dropped.delete(key);
    } else {
      const key = keyOf(change.identity);
      this.added.delete(key);
      const gone = this[change.kind];
      if (gone.size < FOLLOWER_LIMITS.total) gone.set(key, change.identity);
    }
    this.runSoon();
  }

  private runSoon(): void {
    const isWanted = performance.now() <= this.wantedUntilMs;
    if (!isWanted || this.isStopping || this.running !== undefined) return;
    // Between two statements there is as much time as one takes.
    this.soon ??= setTimeout(
      () => {
        this.soon = undefined;
        this.run();
      },
      Math.max(SAVES_CHANGES_AFTER_MS, this.tookMs),
    ).unref();
  }

  private run(): void {
    this.running ??= this.saveAndLog().finally(() => {
      this.running = undefined;
      if (this.isChanged) this.runSoon();
    });
  }

  private async saveAndLog(): Promise<void> {
    const beganAtMs = performance.now();
    try {
      await this.save();
    } catch (error) {
      // All are saved again half a second later.
      this.logger.debug('Could not save the followers of the feed', error);
    }
    this.tookMs = performance.now() - beganAtMs;
  }
}
