import type { EntityManager } from 'typeorm';

type Listener<Change> = (manager: EntityManager, change: Change) => Promise<void>;

/**
 * Announces changes in one domain, each in its transaction, to the domains that act on them: they import
 * that domain, and are not imported by it. A subclass is the token that Nest injects.
 */
export abstract class Announcements<Change> {
  private readonly listeners: Listener<Change>[] = [];

  listen(listener: Listener<Change>): void {
    this.listeners.push(listener);
  }

  /** Resolves when every listener is done. If one fails, the transaction must fail, too. */
  async announce(manager: EntityManager, change: Change): Promise<void> {
    for (const listener of this.listeners) await listener(manager, change);
  }
}
