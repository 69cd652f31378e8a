import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { holdAdministration } from '../access/access-locks.js';
import { ADMIN_ROLE } from '../built-in-access.js';
import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { lockCaller } from '../users/lock-caller.js';
import { UserChanges } from '../users/user-changes.js';
import { UsersRepository } from '../users/users.repository.js';
import { AccountLinks } from './account-links.js';

/** How long a deleted account can be restored: a thief may have deleted it. */
const GRACE_MS = 7 * 86_400_000;

/** Deletes the account of a user, who can undo that for a week. The rows go with `DELETED_USERS`. */
@Injectable()
export class AccountDeletionService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
    private readonly changes: UserChanges,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * From now on nobody can log in to the account, and all sessions end. A link is mailed that restores it; an
   * administrator restores it by enabling the user.
   *
   * @returns when the rows go; until then the account can be restored
   * @throws TokenError `token_revoked`, also for the second of two requests at once; UsersError `locks_out`
   *   for the last administrator
   */
  async request(caller: SessionUser, origin: Origin): Promise<Date> {
    const { userId } = caller;
    // A user who becomes an administrator meanwhile has a revoked token.
    const known = await this.users.findById(userId);
    return this.dataSource.transaction(async (manager) => {
      // Before the row is locked.
      if (known?.roles.includes(ADMIN_ROLE)) await holdAdministration(manager);
      const user = await lockCaller(this.users, manager, caller);
      const now = await this.clock.database(manager);
      const deleteAt = new Date(+now + GRACE_MS);
      await this.users.update(manager, user, { isDisabled: true, deleteAt });
      if (user.roles.includes(ADMIN_ROLE)) await this.users.demandAdmin(manager);
      await this.audit.recordOwn(manager, 'user.deletion_requested', userId, origin, {
        deleteAt: deleteAt.toISOString(),
      });
      await this.changes.announce(manager, { changed: 'disabled', userId, actor: userId, origin });
      await this.mail.addNotice(manager, user, 'account-deleted', origin);
      return deleteAt;
    });
  }

  /** @throws AccountsError `link_invalid` */
  restore(token: string, origin: Origin): Promise<void> {
    return this.links.use(token, 'restore-account', async ({ manager, user }) => {
      const { id } = user;
      await this.users.update(manager, user, { isDisabled: false, deleteAt: null });
      await this.links.end(manager, id);
      await this.audit.recordOwn(manager, 'user.restored', id, origin);
    });
  }
}
