import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { DoneBy } from '../audit/origin.js';

/** A change to a user that other domains must act on in the same transaction. */
export interface UserChange extends DoneBy {
  /**
   * `access`: what the user's tokens carry, that is roles or claims. `deleted`: the user is about to be
   * removed, and with it all rows that refer to it. `registration`: another registration has replaced the
   * password of an account whose e-mail was never verified.
   */
  readonly changed: 'password' | 'disabled' | 'access' | 'deleted' | 'registration';
  readonly userId: string;
  /** The session in which users change their own password. */
  readonly sessionId?: string;
}

type Listener = (manager: EntityManager, change: UserChange) => Promise<void>;

/**
 * Announces changes to users to the domains that act on them, which import `users/` and are not
 * imported by it.
 */
@Injectable()
export class UserChanges {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Resolves when every listener is done. If one fails, the transaction must fail, too. */
  async announce(manager: EntityManager, change: UserChange): Promise<void> {
    for (const listener of this.listeners) await listener(manager, change);
  }
}
