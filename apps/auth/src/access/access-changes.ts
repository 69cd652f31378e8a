import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { DoneBy } from '../audit/origin.js';

/** Something that tokens may no longer say. */
export type Narrowing =
  | {
      readonly of: 'role';
      readonly name: string;
      /** What the role had, and has no more. */
      readonly scopes: readonly string[];
      readonly isRemoved: boolean;
      /** The role needs a second factor now: no token keeps it that was issued before. */
      readonly requiresMfa?: boolean;
    }
  | {
      readonly of: 'resource';
      readonly audience: string;
      /** What the resource had, and has no more. */
      readonly scopes: readonly string[];
      /** Whether there are no tokens for this audience any more. */
      readonly isRemoved: boolean;
    };

interface Listener {
  /** Ends the tokens that say it, and returns how many entries that took. */
  revoke?(manager: EntityManager, narrowing: Narrowing, by: DoneBy): Promise<number>;
  /** Drops what names it elsewhere. After all tokens have ended. */
  forget?(manager: EntityManager, narrowing: Narrowing, by: DoneBy): Promise<void>;
}

/**
 * Announces what is taken away from roles and resources to the domains whose tokens and rows name it:
 * they import `access/`, and are not imported by it. All in the transaction of the change, which has
 * called `stopIssuing`.
 */
@Injectable()
export class AccessChanges {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** How many revocations were published. */
  async announce(manager: EntityManager, narrowing: Narrowing, by: DoneBy): Promise<number> {
    let count = 0;
    for (const each of this.listeners) count += (await each.revoke?.(manager, narrowing, by)) ?? 0;
    for (const each of this.listeners) await each.forget?.(manager, narrowing, by);
    return count;
  }
}
