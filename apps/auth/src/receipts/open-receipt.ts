import type { FollowerIdentity } from '@jwt-auth/jwt-core';

import { byName, positionIn, type Follower, type FollowerKey } from './follower.js';
import type { FollowersRead } from './follower-watch.js';

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
  readonly committedAtMs: number;
  readonly isLive: (follower: Follower) => boolean;
}

/** Who has applied revocations, from their commit on. */
export class OpenReceipt {
  private readonly transactionIds: readonly bigint[];
  /** Of the first read: transactions of another database are others. */
  private databaseIdentity: string | undefined;
  private readonly applied = new Map<FollowerKey, Applied>();
  private pending: ReadonlyMap<FollowerKey, Follower> | undefined;
  private onComplete: () => void = () => undefined;
  /** Resolves once every live follower has applied it. */
  readonly complete = new Promise<void>((resolve) => (this.onComplete = resolve));

  constructor(private readonly options: OpenReceiptOptions) {
    this.transactionIds = [...options.transactionIds];
  }

  /** Not before a read. */
  get isComplete(): boolean {
    return this.pending?.size === 0;
  }

  note({ followers, databaseIdentity, readAtMs }: FollowersRead): void {
    // It may lack a follower that came before the commit.
    if (readAtMs < this.options.committedAtMs) return;
    this.databaseIdentity ??= databaseIdentity;
    const pending = new Map<FollowerKey, Follower>();
    for (const follower of followers) {
      const { key } = follower;
      // What was applied once stays applied, even if the follower reads its list again.
      if (this.applied.has(key)) continue;
      if (this.covers(follower, this.databaseIdentity)) {
        this.applied.set(key, { ...identityOf(follower), afterMs: this.afterMs() });
        pending.delete(key);
      } else if (this.options.isLive(follower)) pending.set(key, follower);
    }
    this.pending = pending;
    if (this.isComplete) this.onComplete();
  }

  /** As it stands. */
  get receipt(): Receipt {
    return {
      applied: [...this.applied.values()].sort(byName),
      pending: [...(this.pending?.values() ?? [])].map(identityOf).sort(byName),
    };
  }

  private covers(follower: Follower, databaseIdentity: string): boolean {
    const position = positionIn(follower, databaseIdentity);
    return position !== undefined && this.transactionIds.every((id) => position.covers(id));
  }

  private afterMs(): number {
    return Math.round((performance.now() - this.options.committedAtMs) * 10) / 10;
  }
}

function identityOf({ service, instance, version }: Follower): FollowerIdentity {
  return { service, instance, ...(version !== undefined && { version }) };
}
