import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import type { User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import type { AccountLink, LinkPurpose } from './account-link.entity.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { AccountsError } from './accounts.errors.js';

const LINK_LIFETIME_MS = 30 * 60_000;

/** Whether a link works for a user. After the deletion of the account only its restoring link does. */
export const isLinkFor = ({ isDisabled, deleteAt }: User, purpose: LinkPurpose): boolean =>
  purpose === 'restore-account' ? isDisabled && deleteAt !== null : !isDisabled;

/** What a link did for a user, in one transaction. */
export interface UsedLink {
  readonly manager: EntityManager;
  /** Locked. */
  readonly user: User;
  readonly link: AccountLink;
  /** By the clock of the database. */
  readonly now: Date;
}

/** Links in mails: 256 random bits, good for one purpose, once, mostly for half an hour. */
@Injectable()
export class AccountLinks {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AccountLinksRepository,
    private readonly users: UsersRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * The address of a new link. The token is in its fragment, which browsers send to no server: it is
   * in no log and in no `Referer`.
   *
   * @param until when it expires. Default: in half an hour
   */
  async issue(
    manager: EntityManager,
    { userId, purpose, email }: Pick<AccountLink, 'userId' | 'purpose' | 'email'>,
    until?: Date,
  ): Promise<string> {
    const token = newSecret();
    const now = await this.clock.database(manager);
    const expiresAt = until ?? new Date(+now + LINK_LIFETIME_MS);
    const hash = hashSecret(token);
    await this.repository.put(manager, { userId, purpose, hash, email, expiresAt });
    return `${this.config.accountPages}/${purpose}#token=${token}`;
  }

  /**
   * A link that can be used: for callers that do other work first.
   *
   * @throws AccountsError `link_invalid`
   */
  async demand(token: string, purpose: LinkPurpose): Promise<AccountLink> {
    const { manager } = this.dataSource;
    const now = await this.clock.database(manager);
    const link = await this.repository.find(manager, { hash: hashSecret(token), purpose }, now);
    if (!link) throw linkInvalid();
    return link;
  }

  /**
   * Uses up a link and does what it is for, both or neither.
   *
   * @throws AccountsError `link_invalid`: unknown, used, expired, replaced by a newer one, for another
   *   purpose, or of a user who was disabled or deleted the account
   */
  use(token: string, purpose: LinkPurpose, work: (used: UsedLink) => Promise<void>): Promise<void> {
    const presented = { hash: hashSecret(token), purpose };
    return this.dataSource.transaction(async (manager) => {
      const now = await this.clock.database(manager);
      const link = await this.repository.find(manager, presented, now);
      // The user first, as everywhere: two links of one user never wait for each other.
      const user = link && (await this.users.lock(manager, link.userId));
      if (!link || !user || !isLinkFor(user, purpose)) throw linkInvalid();
      // Sent to an e-mail that the account no longer has, in the moment when it changed.
      if (purpose !== 'confirm-email' && user.email !== link.email) throw linkInvalid();
      if (!(await this.repository.remove(manager, presented))) throw linkInvalid();
      await work({ manager, user, link, now });
    });
  }

  /** Ends the links of a user, for this purpose or for all. */
  end(manager: EntityManager, userId: string, purpose?: LinkPurpose): Promise<void> {
    return this.repository.removeAll(manager, { userId, ...(purpose && { purpose }) });
  }
}

const linkInvalid = (): AccountsError =>
  new AccountsError('link_invalid', 'The link is unknown, used, expired or replaced');
