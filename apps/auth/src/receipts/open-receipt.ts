import type { FollowerIdentity } from '@jwt-auth/jwt-core';

import { byName, keyOf, positionIn, type Follower, type FollowerKey } from './follower.js';
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
  /** Of the database in which they did. */
  readonly databaseIdentity: string;
  readonly committedAtMs: number;
  readonly isLive: (follower: Follower) => boolean;
}

/** Who has applied revocations, from their commit on. */
export class OpenReceipt {
  private readonly applied = new Map<FollowerKey, Applied>();
  private pending: readonly FollowerIdentity[] | undefined;
  private onComplete: () => void = () => undefined;
  /** Resolves once every live follower has applied it. */
  readonly complete = new Promise<void>((resolve) => (this.onComplete = resolve));

  constructor(private readonly options: OpenReceiptOptions) {}

  /** Not before a read. */
  get isComplete(): boolean {
    return this.pending?.length === 0;
  }

  note({ followers, readAtMs }: FollowersRead): void {
    // It may lack a follower that came before the commit.
    if (readAtMs < this.options.committedAtMs) return;
    for (const follower of followers) this.noteApplied(follower);
    // What was applied once stays applied, even if the follower reads its list again.
    this.pending = followers
      .filter((each) => !this.applied.has(keyOf(each)) && this.options.isLive(each))
      .map(identityOf);
    if (this.isComplete) this.onComplete();
  }

  /** As it stands. */
  get receipt(): Receipt {
    return {
      applied: [...this.applied.values()].sort(byName),
      pending: [...(this.pending ?? [])].sort(byName),
    };
  }

  private noteApplied(follower: Follower): void {
    const key = keyOf(follower);
    if (this.applied.has(key)) return;
    const { transactionIds, databaseIdentity, committedAtMs } = this.options;
    const position = positionIn(follower, databaseIdentity);
    if (position === undefined || ![...transactionIds].every((id) => position.covers(id))) return;
    const afterMs = Math.round((performance.now() - committedAtMs) * 10) / 10;
    this.applied.set(key, { ...identityOf(follower), afterMs });
  }
}

function identityOf({ service, instance, version }: Follower): FollowerIdentity {
  return { service, instance, ...(version !== undefined && { version }) };
}
