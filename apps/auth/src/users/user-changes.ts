import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';

/** A change to a user that other domains must act on in the same transaction. */
export interface UserChange {
  /** `access`: what the user's tokens carry, that is roles or claims. */
  readonly changed: 'password' | 'disabled' | 'access';
  readonly userId: string;
  /** The id of the user who made the change: the user or an administrator. */
  readonly actor: string;
  readonly origin: Origin;
  /** The session in which users change their own password. */
  readonly sessionId?: string;
}

type Listener = (manager: EntityManager, change: UserChange) => Promise<void>;

/**
 * Announces changes to users, so that `users/` needs no import of the domains that follow them. In
 * the code: `sessions/session-user-changes.ts` listens.
 */
@Injectable()
export class UserChanges {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Resolves when every listener has done its part. If one fails, so must the transaction. */
  async announce(manager: EntityManager, change: UserChange): Promise<void> {
    for (const listener of this.listeners) await listener(manager, change);
  }
}
