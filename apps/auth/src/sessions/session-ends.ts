import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Listener = (manager: EntityManager, userId: string) => Promise<void>;

/**
 * Announces that sessions of a user end, of which one may be a thief's, to the domains that import
 * `sessions/`: in the transaction that ends them, in which nobody else locks the user.
 * `accounts/account-user-changes.ts` listens.
 */
@Injectable()
export class SessionEnds {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  async announce(manager: EntityManager, userId: string): Promise<void> {
    for (const listener of this.listeners) await listener(manager, userId);
  }
}
