import { randomUUID } from 'node:crypto';

import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { keyOf, type FollowerKey } from './follower.js';
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

interface Gone {
  readonly identity: FollowerIdentity;
  /** It left. Otherwise it may ask another process, whose row stays. */
  readonly everywhere: boolean;
}

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
  /** Of those that are not saved yet, whether they are new. */
  private readonly changed = new Map<FollowerKey, boolean>();
  private readonly gone = new Map<FollowerKey, Gone>();
  private wantedUntilMs = -Infinity;
  private isWantedOnce = false;
  private savedAllAtMs = -Infinity;
  private forgotAtMs = -Infinity;
  private tookMs = 0;
  private isStopping = false;
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = Infinity;
  private running: Promise<void> | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly own: OwnFollowers,
    private readonly repository: FollowersRepository,
  ) {
    own.onChange((change) => this.note(change));
  }

  onApplicationBootstrap(): void {
    this.runIn(SAVES_SOON_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Somebody waits for what followers apply. */
  noteAsk(): void {
    this.wantedUntilMs = performance.now() + WANTED_FOR_MS;
    this.runIn(this.soonMs);
  }

  /** Somebody reads what followers have applied, and does not wait for more. */
  noteAskOnce(): void {
    this.isWantedOnce = true;
    this.runIn(this.soonMs);
  }

  /** Another process has removed a follower, which may have asked this one before. */
  noteLeft(key: FollowerKey): void {
    const identity = this.own.forget(key);
    // A save that is under way may write it again.
    if (identity) this.noteGone(key, { identity, everywhere: false });
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

  private get isWanted(): boolean {
    return performance.now() <= this.wantedUntilMs;
  }

  private get isChanged(): boolean {
    return this.changed.size > 0 || this.gone.size > 0;
  }

  /** Between two saves there is as much time as one takes, unless the database is very slow. */
  private get soonMs(): number {
    return Math.min(Math.max(SAVES_CHANGES_AFTER_MS, this.tookMs), SAVES_SOON_EVERY_MS);
  }

  private async write(nowMs: number): Promise<void> {
    const isWanted = this.isWanted || this.isWantedOnce;
    this.isWantedOnce = false;
    const haveGone = await this.removeGone();
    const everyMs = isWanted ? SAVES_WANTED_EVERY_MS : SAVES_EVERY_MS;
    const areAllDue = nowMs - this.savedAllAtMs >= everyMs;
    const haveChanged = await this.saveChanged(areAllDue, isWanted);
    if (areAllDue) this.savedAllAtMs = nowMs;
    // Somebody may have asked during the statement.
    if (this.isWanted && (haveGone || haveChanged)) {
      await this.repository.notify(FOLLOWER_CHANNELS.saved);
    }
    if (nowMs - this.forgotAtMs < FORGETS_EVERY_MS) return;
    this.forgotAtMs = nowMs;
    await this.repository.removeForgotten();
  }

  private async saveChanged(areAllDue: boolean, isWanted: boolean): Promise<boolean> {
    const due = new Map([...this.changed].filter(([, isNew]) => areAllDue || isWanted || isNew));
    for (const key of due.keys()) this.changed.delete(key);
    try {
      const followers = this.own.list().filter(({ key }) => areAllDue || due.has(key));
      await this.repository.save(this.process, followers);
    } catch (error) {
      for (const [key, isNew] of due) this.noteChanged(key, isNew);
      this.savedAllAtMs = -Infinity;
      throw error;
    }
    return due.size > 0;
  }

  private async removeGone(): Promise<boolean> {
    const removed = [...this.gone];
    for (const everywhere of [true, false]) {
      const those = removed.filter(([, each]) => each.everywhere === everywhere);
      if (those.length === 0) continue;
      const identities = those.map(([, { identity }]) => identity);
      if (everywhere) await this.repository.remove(identities);
      else await this.repository.removeOf(this.process, identities);
      for (const [key, each] of those) if (this.gone.get(key) === each) this.gone.delete(key);
    }
    return removed.length > 0;
  }

  private note(change: FollowerChange): void {
    if (change.kind === 'moved') {
      const { key } = change.follower;
      this.gone.delete(key);
      this.noteChanged(key, change.isNew);
      if (this.isWanted) this.runIn(this.soonMs);
    } else {
      const { identity, kind } = change;
      this.noteGone(keyOf(identity), { identity, everywhere: kind === 'left' });
    }
  }

  private noteChanged(key: FollowerKey, isNew: boolean): void {
    this.changed.set(key, isNew || (this.changed.get(key) ?? false));
  }

  private noteGone(key: FollowerKey, gone: Gone): void {
    this.changed.delete(key);
    const everywhere = gone.everywhere || (this.gone.get(key)?.everywhere ?? false);
    if (this.gone.size < FOLLOWER_LIMITS.total) this.gone.set(key, { ...gone, everywhere });
    if (this.isWanted) this.runIn(this.soonMs);
  }

  /** Runs after so many milliseconds, or sooner if that is due. */
  private runIn(ms: number): void {
    const dueAtMs = performance.now() + ms;
    if (this.isStopping || this.running !== undefined || dueAtMs >= this.dueAtMs) return;
    clearTimeout(this.timer);
    this.dueAtMs = dueAtMs;
    this.timer = setTimeout(() => void this.run(), ms).unref();
  }

  private async run(): Promise<void> {
    this.dueAtMs = Infinity;
    this.running = this.saveAndLog();
    await this.running;
    this.running = undefined;
    const isDue = (this.isWanted && this.isChanged) || this.isWantedOnce;
    this.runIn(isDue ? this.soonMs : SAVES_SOON_EVERY_MS);
  }

  private async saveAndLog(): Promise<void> {
    const beganAtMs = performance.now();
    try {
      await this.save();
    } catch (error) {
      // All are saved again soon.
      this.logger.debug('Could not save the followers of the feed', error);
    }
    this.tookMs = performance.now() - beganAtMs;
  }
}
