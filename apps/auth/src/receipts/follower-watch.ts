import { Injectable, Logger } from '@nestjs/common';

import type { Follower } from './follower.js';
import { FOLLOWER_CHANNELS, FollowersRepository } from './followers.repository.js';

/** The followers of all auth processes, as saved. */
export interface FollowersRead {
  readonly followers: readonly Follower[];
  /** When the read began, on the monotonic clock. */
  readonly readAtMs: number;
}

type ReadListener = (read: FollowersRead) => void;

/** Processes save at once for some seconds after that. */
const ASKS_EVERY_MS = 1_000;
/** A process saves in some milliseconds, unless it has ended or hangs. */
const ANSWERS_WITHIN_MS = 100;
/** What is saved during this time is in one read. */
const READS_EVERY_MS = 5;

/**
 * Reads what all auth processes have saved of their followers. While somebody waits, it asks them to
 * save each change at once, and reads again when one has.
 */
@Injectable()
export class FollowerWatch {
  private readonly logger = new Logger(FollowerWatch.name);
  private readonly listeners = new Set<ReadListener>();
  private asking: Promise<void> | undefined;
  private askedAtMs = -Infinity;
  private answered: Promise<void> = Promise.resolve();
  private due: Promise<FollowersRead> | undefined;
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(private readonly repository: FollowersRepository) {}

  /**
   * Calls a listener, which must not throw, with each read from now on: at least one follows each
   * change that is saved.
   *
   * @returns ends that
   */
  follow(listener: ReadListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Asks all processes to save what they know, and for some seconds what changes.
   *
   * @returns resolves when they have had the time to save what they knew
   * @throws whatever the database refuses with
   */
  async ask(): Promise<{ readonly answered: Promise<void> }> {
    if (performance.now() - this.askedAtMs >= ASKS_EVERY_MS) {
      this.asking ??= this.askNow().finally(() => (this.asking = undefined));
    }
    await this.asking;
    return { answered: this.answered };
  }

  /**
   * A read that begins after this call. Callers share it.
   *
   * @throws whatever the database refuses with
   */
  read(): Promise<FollowersRead> {
    if (this.due === undefined) {
      const read = this.underWay.then(() => this.readNow());
      this.due = read;
      this.underWay = read.catch(() => undefined).then(() => pause(READS_EVERY_MS));
    }
    return this.due;
  }

  /** A process has saved changes. */
  noteSaved(): void {
    if (this.listeners.size === 0) return;
    // Receipts that wait read again within a second.
    this.read().catch((error: unknown) => {
      this.logger.debug('Could not read the followers of the feed', error);
    });
  }

  private async askNow(): Promise<void> {
    await this.repository.notify(FOLLOWER_CHANNELS.ask);
    this.askedAtMs = performance.now();
    this.answered = pause(ANSWERS_WITHIN_MS);
  }

  private async readNow(): Promise<FollowersRead> {
    this.due = undefined;
    const readAtMs = performance.now();
    const read = { followers: await this.repository.list(readAtMs), readAtMs };
    for (const listener of this.listeners) listener(read);
    return read;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
