import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Listener = (manager: EntityManager, userId: string) => Promise<void>;

/**
 * Announces that all sessions of a user end, or all but the caller's, to the domains that import
 * `sessions/`: in the transaction that ends them, which has locked the user. `accounts/account-user-changes.ts`
 * listens.
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
