import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import type { FeedPosition } from '@jwt-auth/jwt-core/postgres';

import { FORGOTTEN_AFTER_MS, keyOf, type Follower, type FollowerKey } from './follower.js';

/** So many are known at a time, of all callers and of one network. docs/limits.md lists them. */
export const FOLLOWER_LIMITS = { total: 2_000, perNetwork: 1_000 } as const;

interface OwnFollowersOptions {
  readonly monotonicNow?: () => number;
  readonly limits?: { readonly total: number; readonly perNetwork: number };
}

interface Known {
  readonly key: FollowerKey;
  identity: FollowerIdentity;
  readonly network: string;
  position: FeedPosition | undefined;
  /** When its last question came or ended. */
  lastAtMs: number;
  openQuestions: number;
}

/** `dropped`: there was no place for it. It may go on, at this process or another. */
export type FollowerChange =
  | { readonly kind: 'moved'; readonly follower: Follower; readonly isNew: boolean }
  | { readonly kind: 'left' | 'dropped'; readonly identity: FollowerIdentity };

/**
 * The followers that ask this process. Anyone can make one up, so that their number is bounded: the
 * network with the most of them loses the one that has been silent for longest.
 */
export class OwnFollowers {
  private readonly known = new Map<FollowerKey, Known>();
  private readonly perNetwork = new Map<string, number>();
  private readonly listeners = new Set<(change: FollowerChange) => void>();
  private readonly now: () => number;
  private readonly limits: { readonly total: number; readonly perNetwork: number };

  constructor({
    monotonicNow = () => performance.now(),
    limits = FOLLOWER_LIMITS,
  }: OwnFollowersOptions = {}) {
    this.now = monotonicNow;
    this.limits = limits;
  }

  /** Calls a listener with each change. It must not throw. */
  onChange(listener: (change: FollowerChange) => void): void {
    this.listeners.add(listener);
  }

  /**
   * Notes a question, which shows what its follower has applied.
   *
   * @returns to be called when the question was answered or its connection has ended: until then the
   * follower is seen
   */
  noteQuestion(
    identity: FollowerIdentity,
    position: FeedPosition | undefined,
    network: string,
  ): () => void {
    const key = keyOf(identity);
    const known = this.known.get(key);
    const previous = known?.position;
    const follower = known ?? this.add(key, identity, network);
    follower.identity = identity;
    follower.position = position;
    follower.lastAtMs = this.now();
    follower.openQuestions += 1;
    const isNew = known === undefined;
    const hasMoved =
      previous?.transactionId !== position?.transactionId ||
      previous?.databaseIdentity !== position?.databaseIdentity;
    // At one place, transactions only end.
    const hasFewerOpen = previous?.open.size !== position?.open.size;
    if (isNew || hasMoved || hasFewerOpen) {
      this.announce({ kind: 'moved', follower: this.viewOf(follower), isNew });
    }
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      follower.openQuestions -= 1;
      follower.lastAtMs = this.now();
    };
  }

  /** Notes that a follower asks no more. It may have asked another process so far. */
  noteLeave(identity: FollowerIdentity): void {
    this.forget(keyOf(identity));
    this.announce({ kind: 'left', identity });
  }

  /**
   * Nothing is announced.
   *
   * @returns the follower, if it was known
   */
  forget(key: FollowerKey): FollowerIdentity | undefined {
    const follower = this.known.get(key);
    if (!follower) return undefined;
    this.known.delete(key);
    const remaining = this.countOf(follower.network) - 1;
    if (remaining > 0) this.perNetwork.set(follower.network, remaining);
    else this.perNetwork.delete(follower.network);
    return follower.identity;
  }

  /** All that were seen lately. */
  list(): Follower[] {
    this.forgetSilent();
    return [...this.known.values()].map((follower) => this.viewOf(follower));
  }

  private add(key: FollowerKey, identity: FollowerIdentity, network: string): Known {
    if (this.known.size >= this.limits.total) this.forgetSilent();
    if (this.countOf(network) >= this.limits.perNetwork) this.dropSilentest(network);
    if (this.known.size >= this.limits.total) this.dropSilentest(this.largestNetwork());
    const follower: Known = {
      key,
      identity,
      network,
      position: undefined,
      lastAtMs: this.now(),
      openQuestions: 0,
    };
    this.known.set(key, follower);
    this.perNetwork.set(network, this.countOf(network) + 1);
    return follower;
  }

  private dropSilentest(network: string): void {
    let [silentest, sinceMs] = ['', Infinity];
    for (const [key, follower] of this.known) {
      const seenAtMs = this.seenAtMs(follower);
      if (follower.network === network && seenAtMs < sinceMs)
        [silentest, sinceMs] = [key, seenAtMs];
    }
    const identity = this.forget(silentest);
    if (identity !== undefined) this.announce({ kind: 'dropped', identity });
  }

  private largestNetwork(): string {
    let [largest, most] = ['', 0];
    for (const [network, count] of this.perNetwork)
      if (count > most) [largest, most] = [network, count];
    return largest;
  }

  private forgetSilent(): void {
    const before = this.now() - FORGOTTEN_AFTER_MS;
    for (const [key, follower] of this.known)
      // It may ask another process: only its own row, as it was saved last, says so.
      if (this.seenAtMs(follower) < before) this.forget(key);
  }

  private countOf(network: string): number {
    return this.perNetwork.get(network) ?? 0;
  }

  private seenAtMs({ openQuestions, lastAtMs }: Known): number {
    return openQuestions > 0 ? this.now() : lastAtMs;
  }

  private viewOf(follower: Known): Follower {
    const { key, identity, position } = follower;
    return { ...identity, key, position, seenAtMs: this.seenAtMs(follower) };
  }

  private announce(change: FollowerChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
