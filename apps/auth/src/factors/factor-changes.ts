import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { FactorMethod } from './second-factors.js';

/** A user has added a factor, and has proved it by that. */
export interface AddedBy {
  readonly userId: string;
  readonly sessionId: string;
  readonly methods: readonly FactorMethod[];
}

type Listener = (manager: EntityManager, added: AddedBy) => Promise<void>;

/**
 * Announces new factors, in the transaction that adds them, to the domains that import `factors/`.
 * `sessions/session-factor-changes.ts` listens.
 */
@Injectable()
export class FactorChanges {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  async announce(manager: EntityManager, added: AddedBy): Promise<void> {
    for (const listener of this.listeners) await listener(manager, added);
  }
}
