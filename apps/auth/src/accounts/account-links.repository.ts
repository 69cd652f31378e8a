import { Injectable } from '@nestjs/common';
import { MoreThan, type EntityManager } from 'typeorm';

import { aDayAfterExpiry } from '../expiry.js';
import { AccountLink } from './account-link.entity.js';

export const EXPIRED_LINKS = aDayAfterExpiry(AccountLink);

export type PresentedLink = Pick<AccountLink, 'hash' | 'purpose'>;

/** All SQL of links that were mailed to users. */
@Injectable()
export class AccountLinksRepository {
  /** The one before of the same purpose ends. */
  async put(manager: EntityManager, link: AccountLink): Promise<void> {
    await manager.upsert(AccountLink, link, ['userId', 'purpose']);
  }

  find(manager: EntityManager, link: PresentedLink, now: Date): Promise<AccountLink | null> {
    return manager.findOneBy(AccountLink, { ...link, expiresAt: MoreThan(now) });
  }

  /** One of each purpose. */
  list(manager: EntityManager, userId: string): Promise<AccountLink[]> {
    return manager.findBy(AccountLink, { userId });
  }

  /** @returns whether it was there: of two callers at once, one gets `true` */
  async remove(manager: EntityManager, { hash, purpose }: PresentedLink): Promise<boolean> {
    const { affected } = await manager.delete(AccountLink, { hash, purpose });
    return affected === 1;
  }

  async removeAll(
    manager: EntityManager,
    which: Pick<AccountLink, 'userId'> & Partial<Pick<AccountLink, 'purpose'>>,
  ): Promise<void> {
    await manager.delete(AccountLink, which);
  }
}
