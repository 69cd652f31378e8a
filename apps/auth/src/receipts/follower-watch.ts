import { Injectable, Logger } from '@nestjs/common';

import type { Follower } from './follower.js';
import { FOLLOWER_CHANNELS, FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';

/** The followers of all auth processes. */
export interface FollowersRead {
  /** As saved, and those of this process as it knows them: a follower may be there twice. */
  readonly followers: readonly Follower[];
  /** Of the database that was read. */
  readonly databaseIdentity: string;
  /** When the read began, on the monotonic clock. */
  readonly readAtMs: number;
}

type ReadListener = (read: FollowersRead) => void;

/** Processes save at once for some seconds after that. A notification may be lost. */
const ASKS_EVERY_MS = 1_000;
/** A process saves in some milliseconds, unless it has ended or hangs. */
const ANSWERS_WITHIN_MS = 100;
/** What is saved during this time is in one read. */
const READS_EVERY_MS = 5;

/**
 * Reads what all auth processes know of their followers. While somebody waits, it asks them to save
 * each change at once, and reads again when one has.
 */
@Injectable()
export class FollowerWatch {
  private readonly logger = new Logger(FollowerWatch.name);
  private readonly listeners = new Set<ReadListener>();
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> | undefined;
  private askedAtMs = -Infinity;
  private due: Promise<FollowersRead> | undefined;
  private underWay: Promise<unknown> = Promise.resolve();
  private tookMs = 0;

  constructor(
    private readonly repository: FollowersRepository,
    private readonly own: OwnFollowers,
  ) {}

  /**
   * Calls a listener, which must not throw, with each read from now on: at least one follows each
   * change that is saved, and there is one each second.
   *
   * @returns ends that
   */
  follow(listener: ReadListener): () => void {
    this.listeners.add(listener);
    this.timer ??= setInterval(() => {
      this.askNow().catch((error: unknown) => this.logger.debug('Could not ask', error));
      this.noteSaved();
    }, ASKS_EVERY_MS).unref();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  /**
   * Asks all processes to save what they know, and for some seconds what changes.
   *
   * @throws whatever the database refuses with
   */
  async ask(): Promise<void> {
    if (performance.now() - this.askedAtMs >= ASKS_EVERY_MS) await this.askNow();
    else await this.asking;
  }

  /**
   * Asks all processes to save what they know, once.
   *
   * @returns resolves when they have had the time for it
   * @throws whatever the database refuses with
   */
  async askOnce(): Promise<void> {
    await this.repository.notify(FOLLOWER_CHANNELS.askOnce);
    await pause(ANSWERS_WITHIN_MS);
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
      // A process with many followers and receipts has as much time for others as a read takes.
      const pauseMs = () => Math.min(Math.max(READS_EVERY_MS, this.tookMs), ASKS_EVERY_MS);
      this.underWay = read.catch(() => undefined).then(() => pause(pauseMs()));
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

  private askNow(): Promise<void> {
    this.asking ??= this.repository
      .notify(FOLLOWER_CHANNELS.ask)
      .then(() => void (this.askedAtMs = performance.now()))
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async readNow(): Promise<FollowersRead> {
    this.due = undefined;
    const readAtMs = performance.now();
    try {
      const [saved, databaseIdentity] = await Promise.all([
        this.repository.list(),
        this.repository.databaseIdentity(),
      ]);
      // A new follower of this process may not be saved yet.
      const followers = [...saved, ...this.own.list()];
      const read = { followers, databaseIdentity, readAtMs };
      for (const listener of this.listeners) listener(read);
      return read;
    } finally {
      this.tookMs = performance.now() - readAtMs;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
