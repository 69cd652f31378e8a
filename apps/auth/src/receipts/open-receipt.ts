import type { FollowerIdentity } from '@jwt-auth/jwt-core';
import type { FeedPosition } from '@jwt-auth/jwt-core/postgres';

import { byName, keyOf, type Follower, type FollowerKey } from './follower.js';
import type { FollowerChange } from './own-followers.js';

/** A follower that has applied a revocation, and after how many milliseconds that was known. */
export interface Applied extends FollowerIdentity {
  readonly afterMs: number;
}

export interface Receipt {
  readonly applied: Applied[];
  /** The live followers that have not. */
  readonly pending: FollowerIdentity[];
}

interface OpenReceiptOptions {
  /** All that published what it is about. They have committed, in any order. */
  readonly transactionIds: ReadonlySet<bigint>;
  readonly isLive: (follower: Follower) => boolean;
}

/** Who has applied revocations, from their commit on. */
export class OpenReceipt {
  private readonly committedAtMs = performance.now();
  private readonly applied = new Map<FollowerKey, Applied>();
  private readonly pending = new Map<FollowerKey, FollowerIdentity>();
  private areAllKnown = false;
  private onComplete: () => void = () => undefined;
  /** Resolves once every live follower has applied it. */
  readonly complete = new Promise<void>((resolve) => (this.onComplete = resolve));

  constructor(private readonly options: OpenReceiptOptions) {}

  get isComplete(): boolean {
    return this.areAllKnown && this.pending.size === 0;
  }

  /** Notes all followers that are known. Before that it is not complete. */
  noteAll(followers: readonly Follower[]): void {
    for (const follower of followers) this.noteFollower(follower);
    this.areAllKnown = true;
    this.check();
  }

  note(change: FollowerChange): void {
    if (change.kind === 'moved') this.noteFollower(change.follower);
    else this.pending.delete(keyOf(change.identity));
    this.check();
  }

  /** As it stands. */
  get receipt(): Receipt {
    return {
      applied: [...this.applied.values()].sort(byName),
      pending: [...this.pending.values()].sort(byName),
    };
  }

  private noteFollower(follower: Follower): void {
    const key = keyOf(follower);
    // What was applied once stays applied, even if the follower reads its list again.
    if (this.applied.has(key)) return;
    const { service, instance, version, position } = follower;
    const identity = { service, instance, ...(version !== undefined && { version }) };
    if (position && this.isApplied(position)) {
      const afterMs = Math.round((performance.now() - this.committedAtMs) * 10) / 10;
      this.pending.delete(key);
      this.applied.set(key, { ...identity, afterMs });
    } else if (this.options.isLive(follower)) this.pending.set(key, identity);
  }

  private isApplied(position: FeedPosition): boolean {
    return [...this.options.transactionIds].every((id) => position.covers(id));
  }

  private check(): void {
    if (this.isComplete) this.onComplete();
  }
}
