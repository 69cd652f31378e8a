import { Injectable, type OnModuleDestroy } from '@nestjs/common';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { FollowerWatch } from './follower-watch.js';
import { byName, positionIn, type Follower, type FollowerKey } from './follower.js';
import { FollowersRepository } from './followers.repository.js';
import { OpenReceipt, type Receipt } from './open-receipt.js';
import { OwnFollowers } from './own-followers.js';
import type { FollowerState, ServiceAnswer } from './services.schema.js';

/** A receipt waits for so long at most. */
export const MAX_RECEIPT_WAIT_MS = 10_000;
/** So many may wait at a time; others are answered with what is known at once. */
export const WAITING_RECEIPTS = { total: 200, perNetwork: 20 } as const;
/** All are saved every five seconds: a follower may have been seen since it was saved. */
const SEEN_LATER_MS = 6_000;

export interface ReceiptOptions {
  readonly waitMs: number;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
  readonly network: string;
}

/**
 * Which services have applied what. Followers are believed: a made-up one is named as pending until
 * the wait is over, and gives no rights.
 */
@Injectable()
export class ReceiptsService implements OnModuleDestroy {
  /** Ends a wait. */
  private readonly endings = new Set<() => void>();
  private isStopping = false;
  private readonly waiting = new Map<string, number>();
  private waitingCount = 0;
  /** Since the start: those that every live follower had applied, and others. */
  readonly outcomes = { complete: 0, incomplete: 0 };

  constructor(
    private readonly own: OwnFollowers,
    private readonly watch: FollowerWatch,
    private readonly repository: FollowersRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onModuleDestroy(): void {
    this.isStopping = true;
    for (const end of this.endings) end();
  }

  get waitingReceiptCount(): number {
    return this.waitingCount;
  }

  /** The followers that ask this process and are waited for. */
  get liveFollowerCount(): number {
    return this.own.list().filter((follower) => this.isLive(follower)).length;
  }

  /**
   * Who has applied what these transactions published, once every live follower has, or when the time
   * is over. They have to be committed.
   *
   * @throws whatever the database refuses with, as then the followers are not known
   */
  async receipt(transactionIds: ReadonlySet<bigint>, options: ReceiptOptions): Promise<Receipt> {
    const committedAtMs = performance.now();
    const isLive = (each: Follower) => this.isLive(each, SEEN_LATER_MS);
    const open = new OpenReceipt({ transactionIds, committedAtMs, isLive });
    const unfollow = this.watch.follow((read) => open.note(read));
    try {
      await this.watch.ask();
      await this.watch.read();
      if (!open.isComplete) await this.wait(open, options);
      this.outcomes[open.isComplete ? 'complete' : 'incomplete'] += 1;
      return open.receipt;
    } finally {
      unfollow();
    }
  }

  /** All followers, by name. */
  async followers(): Promise<ServiceAnswer[]> {
    await this.watch.askOnce();
    const read = await this.watch.read();
    const followers = seenLast(read.followers).map((follower) => ({
      ...follower,
      position: positionIn(follower, read.databaseIdentity),
    }));
    const positions = followers.flatMap(({ position }) => position?.transactionId ?? []);
    const missingForMs = await this.repository.missingForMs(new Set(positions));
    return followers.sort(byName).map((follower) => {
      const { position } = follower;
      return this.answer(follower, position && missingForMs.get(position.transactionId));
    });
  }

  private answer(follower: Follower, lagMs: number | undefined): ServiceAnswer {
    const { service, instance, version, position } = follower;
    return {
      service,
      instance,
      ...(version !== undefined && { version }),
      state: this.stateOf(follower, lagMs),
      position: position === undefined ? null : String(position.completeBelow),
      lagMs: lagMs ?? null,
      lastSeenAt: new Date(+this.clock.now() - this.silentMs(follower)).toISOString(),
    };
  }

  private stateOf(follower: Follower, lagMs: number | undefined): FollowerState {
    if (!this.isLive(follower)) return 'stale';
    if (lagMs === undefined) return 'blind';
    return lagMs <= this.config.revocationMaxStalenessMs ? 'fresh' : 'stale';
  }

  /** A follower that is silent for longer refuses tokens itself, as its list is too old. */
  private isLive(follower: Follower, toleranceMs = 0): boolean {
    return this.silentMs(follower) <= this.config.revocationMaxStalenessMs + toleranceMs;
  }

  private silentMs({ seenAtMs }: Follower): number {
    return Math.max(Math.round(performance.now() - seenAtMs), 0);
  }

  private async wait(
    open: OpenReceipt,
    { waitMs, signal, network }: ReceiptOptions,
  ): Promise<void> {
    const own = this.waiting.get(network) ?? 0;
    const isFull =
      this.waitingCount >= WAITING_RECEIPTS.total || own >= WAITING_RECEIPTS.perNetwork;
    if (isFull || this.isStopping || !(waitMs > 0)) return;
    this.waiting.set(network, own + 1);
    this.waitingCount += 1;
    try {
      await this.untilComplete(open, Math.min(waitMs, MAX_RECEIPT_WAIT_MS), signal);
    } finally {
      this.waitingCount -= 1;
      const remaining = (this.waiting.get(network) ?? 1) - 1;
      if (remaining > 0) this.waiting.set(network, remaining);
      else this.waiting.delete(network);
    }
  }

  private async untilComplete(
    open: OpenReceipt,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const timer = setTimeout(end, waitMs);
    this.endings.add(end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    await Promise.race([open.complete, ended]);
    clearTimeout(timer);
    this.endings.delete(end);
    signal.removeEventListener('abort', end);
  }
}

/** One entry of each, as this process may have seen it since it was saved. */
function seenLast(followers: readonly Follower[]): Follower[] {
  const last = new Map<FollowerKey, Follower>();
  for (const follower of followers) {
    const other = last.get(follower.key);
    if (!other || other.seenAtMs <= follower.seenAtMs) last.set(follower.key, follower);
  }
  return [...last.values()];
}
