import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { FactorMethod } from './factor.entity.js';

/** A user has added a factor, which takes a proof of it: the session has proved it by these methods. */
export interface AddedBy {
  readonly userId: string;
  readonly sessionId: string;
  readonly methods: readonly FactorMethod[];
}

export type FactorChange =
  | ({ readonly changed: 'added' } & AddedBy)
  /** None is left. */
  | { readonly changed: 'all-removed'; readonly userId: string };

type Listener = (manager: EntityManager, change: FactorChange) => Promise<void>;

/**
 * Announces new factors, and the loss of all, to the domains that import `factors/`: in the transaction
 * that adds or removes them, which has locked the user. `sessions/session-user-changes.ts` listens.
 */
@Injectable()
export class FactorChanges {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  async announce(manager: EntityManager, change: FactorChange): Promise<void> {
    for (const listener of this.listeners) await listener(manager, change);
  }
}
