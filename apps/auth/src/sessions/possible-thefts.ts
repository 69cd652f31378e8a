import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Listener = (manager: EntityManager, userId: string) => Promise<void>;

/**
 * Announces the ends of sessions that may have been a thief's, that is of all but plain logouts and
 * those beyond `SESSIONS_PER_USER`, to the domains that import `sessions/`, in the transaction that
 * ends them. Until it commits, no other transaction gets `UsersRepository.lock`: it holds that lock
 * itself, or, for a reuse, the shared lock of the refresh. `accounts/account-user-changes.ts`
 * listens.
 */
@Injectable()
export class PossibleThefts {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  async announce(manager: EntityManager, userId: string): Promise<void> {
    for (const listener of this.listeners) await listener(manager, userId);
  }
}
