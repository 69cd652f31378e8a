import { randomUUID } from 'node:crypto';

import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { keyOf, type Follower, type FollowerKey } from './follower.js';
import {
  readMessage,
  writeReport,
  type FollowerMessage,
  type ReportContent,
} from './follower-report.js';
import { FollowersRepository, type SavedFollower } from './followers.repository.js';
import { OwnFollowers, type FollowerChange } from './own-followers.js';

/** Longer than a receipt waits. */
const REPORTS_FOR_MS = 15_000;
/** A process answers in a few milliseconds, unless it has ended or hangs. */
const ANSWERS_WITHIN_MS = 250;
/** What the others said so lately is not asked again. */
const ASKS_EVERY_MS = 1_000;
/** The changes of this time go into one report. */
const REPORTS_EVERY_MS = 10;
/** A new follower is reported at once and saved within a second, or five after a failure. */
const SAVED_WITHIN_MS = 6_000;
/** Of all other processes together. */
const MAX_OTHERS = 20_000;

/**
 * The followers of all auth processes. While someone wants to know, a process asks the others, which
 * report what they know, and then each change for some seconds. Otherwise nothing is sent.
 */
@Injectable()
export class FollowerExchange implements OnApplicationShutdown {
  /** Of this auth process. */
  readonly process = randomUUID();
  private readonly logger = new Logger(FollowerExchange.name);
  private readonly listeners = new Set<(change: FollowerChange) => void>();
  /** Of the other processes, as saved or as reported since. */
  private others = new Map<FollowerKey, SavedFollower>();
  private asking: Promise<void> | undefined;
  /** When this process last asked the others. */
  private ownAskAtMs = -Infinity;
  private answered: Promise<void> = Promise.resolve();
  private onAnswered: () => void = () => undefined;
  /** The processes whose answer is missing. */
  private readonly awaited = new Set<string>();
  /** Until when other processes want reports of this one. */
  private reportsWantedUntilMs = -Infinity;
  private readonly changed = new Set<FollowerKey>();
  private isCompleteDue = false;
  private timer: NodeJS.Timeout | undefined;
  private reportedAtMs = -Infinity;
  private isReporting = false;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly own: OwnFollowers,
    private readonly repository: FollowersRepository,
  ) {
    own.onChange((change) => this.noteOwnChange(change));
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.reportsWantedUntilMs = -Infinity;
  }

  /** Calls a listener with each change of a follower of any process. It must not throw. */
  onChange(listener: (change: FollowerChange) => void): void {
    this.listeners.add(listener);
  }

  offChange(listener: (change: FollowerChange) => void): void {
    this.listeners.delete(listener);
  }

  /** Those that ask this process. */
  listOwn(): Follower[] {
    return this.own.list();
  }

  /** All that are known now. Those of other processes are only up to date after `ask`. */
  list(): Follower[] {
    const merged = new Map(this.own.list().map((follower) => [keyOf(follower), follower]));
    for (const [key, { follower }] of this.others) {
      const own = merged.get(key);
      if (own === undefined || follower.seenAtMs > own.seenAtMs) merged.set(key, follower);
    }
    return [...merged.values()];
  }

  /**
   * Asks the other processes. Resolves when all followers are known that are saved; changes follow.
   *
   * @returns resolves when all processes have answered, or after a quarter of a second
   * @throws whatever the database refuses with
   */
  async ask(): Promise<{ readonly answered: Promise<void> }> {
    if (performance.now() - this.ownAskAtMs >= ASKS_EVERY_MS) this.asking ??= this.askNow();
    await this.asking;
    return { answered: this.answered };
  }

  /** Takes in a notification of another process. */
  receive(payload: string): void {
    const message = readMessage(payload, performance.now());
    if (message === undefined || message.from === this.process) return;
    if (message.type === 'ask') return this.noteAsk(message.forMs);
    for (const follower of message.followers) this.noteOther(message.from, follower);
    for (const identity of message.left) this.noteOtherLeft(identity);
    if (message.isLast && this.awaited.delete(message.from) && this.awaited.size === 0) {
      this.onAnswered();
    }
  }

  /** Reports to all processes that these ask no more. */
  reportLeft(left: readonly FollowerIdentity[]): Promise<void> {
    return this.send(() => ({ followers: [], left, isComplete: false }));
  }

  private async askNow(): Promise<void> {
    try {
      const saved = await this.repository.list(performance.now());
      this.takeOver(saved.filter(({ process }) => process !== this.process));
      this.answered = new Promise((resolve) => (this.onAnswered = resolve));
      setTimeout(this.onAnswered, ANSWERS_WITHIN_MS).unref();
      if (this.awaited.size === 0) this.onAnswered();
      const ask: FollowerMessage = { type: 'ask', from: this.process, forMs: REPORTS_FOR_MS };
      await this.repository.notify([JSON.stringify(ask)]);
      this.ownAskAtMs = performance.now();
    } finally {
      this.asking = undefined;
    }
  }

  /** What is saved counts, except for what was reported later, or may be too new to be saved. */
  private takeOver(saved: readonly SavedFollower[]): void {
    const before = this.others;
    const newSinceMs = performance.now() - SAVED_WITHIN_MS;
    this.others = new Map([...before].filter(([, { follower }]) => follower.seenAtMs > newSinceMs));
    this.awaited.clear();
    for (const { process, follower } of saved) {
      const known = before.get(keyOf(follower));
      const isOlder = known !== undefined && known.follower.seenAtMs >= follower.seenAtMs;
      if (isOlder) this.others.set(keyOf(follower), known);
      else this.noteOther(process, follower);
      this.awaited.add(process);
    }
  }

  private noteAsk(forMs: number): void {
    this.reportsWantedUntilMs = Math.max(this.reportsWantedUntilMs, performance.now() + forMs);
    this.isCompleteDue = true;
    this.reportSoon();
  }

  private noteOwnChange(change: FollowerChange): void {
    if (change.kind === 'left') this.others.delete(keyOf(change.identity));
    this.announce(change);
    if (change.kind === 'left' || !this.areReportsWanted()) return;
    this.changed.add(keyOf(change.follower));
    this.reportSoon();
  }

  private areReportsWanted(): boolean {
    return performance.now() <= this.reportsWantedUntilMs;
  }

  private reportSoon(): void {
    if (this.isReporting) return;
    const delayMs = Math.max(this.reportedAtMs + REPORTS_EVERY_MS - performance.now(), 0);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.reportInTurn();
    }, delayMs);
  }

  private async reportInTurn(): Promise<void> {
    this.isReporting = true;
    this.reportedAtMs = performance.now();
    try {
      await this.send(() => this.content());
    } catch (error) {
      // The other process counts our followers as pending, and asks again within a second.
      this.logger.debug('Could not report the followers of the feed', error);
    }
    this.isReporting = false;
    if (this.isCompleteDue || this.changed.size > 0) this.reportSoon();
  }

  private content(): ReportContent {
    const isComplete = this.isCompleteDue;
    const all = this.own.list();
    const followers = isComplete ? all : all.filter((each) => this.changed.has(keyOf(each)));
    this.isCompleteDue = false;
    this.changed.clear();
    return { followers, left: [], isComplete };
  }

  /** One after the other, so that an earlier report does not arrive after a later one. */
  private send(content: () => ReportContent): Promise<void> {
    const sent = this.sending.then(() =>
      this.repository.notify([...writeReport(this.process, content(), performance.now())]),
    );
    this.sending = sent.catch(() => undefined);
    return sent;
  }

  private noteOther(process: string, follower: Follower): void {
    const key = keyOf(follower);
    const known = this.others.get(key);
    // What it has applied it has applied, even if another process has heard of it since.
    this.announce({ kind: 'moved', follower, isNew: known === undefined });
    if (known === undefined && this.others.size >= MAX_OTHERS) return;
    // The way of a report takes its time: only times of different processes are compared.
    const isOlder = known !== undefined && known.follower.seenAtMs > follower.seenAtMs;
    if (!isOlder || known.process === process) this.others.set(key, { follower, process });
  }

  private noteOtherLeft(identity: FollowerIdentity): void {
    // Its announcement also reaches the listeners here.
    if (this.own.forget(identity)) this.others.delete(keyOf(identity));
    else if (this.others.delete(keyOf(identity)))
      this.announce({ kind: 'left', identity, wasKnown: true });
  }

  private announce(change: FollowerChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
