import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Config } from '../config.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import { demandCaller, lockCaller } from '../users/lock-caller.js';
import { UsersRepository } from '../users/users.repository.js';
import { AccountLinks } from './account-links.js';
import { demandMail } from './accounts.errors.js';

/** Verifies and changes the e-mail of an account. */
@Injectable()
export class EmailService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
    private readonly limits: AttemptLimiter,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly config: Config,
  ) {}

  /** @throws AccountsError `link_invalid` */
  verify(token: string, origin: Origin): Promise<void> {
    return this.links.use(token, 'verify-email', async ({ manager, user, now }) => {
      await this.users.update(manager, user, { emailVerifiedAt: now });
      const { id } = user;
      await this.audit.recordOwn(manager, 'user.email_verified', id, origin);
    });
  }

  /**
   * Sends the link for the verification again.
   *
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`; TokenError `token_revoked`
   */
  async requestVerification(caller: SessionUser): Promise<void> {
    const { email, emailVerifiedAt } = await demandCaller(this.users, caller);
    if (emailVerifiedAt) return;
    await this.send(caller, 'verify-email', email);
  }

  /**
   * Sends a link to the new e-mail. The answer is the same if that e-mail has an account already: its
   * owner gets a mail then.
   *
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`; TokenError `token_revoked`
   */
  requestChange(caller: SessionUser, newEmail: string): Promise<void> {
    return this.send(caller, 'confirm-email', newEmail);
  }

  /**
   * Changes the e-mail to the one that the link was sent to, and sends a mail to the old one. All other
   * links, which were sent to the old one, end.
   *
   * @throws AccountsError `link_invalid`; UsersError `email_taken`
   */
  confirmChange(token: string, origin: Origin): Promise<void> {
    return this.links.use(token, 'confirm-email', async ({ manager, user, link, now }) => {
      const { id } = user;
      await this.users.changeEmail(manager, user, link.email, now);
      await this.links.end(manager, id);
      await this.audit.recordOwn(manager, 'user.email_changed', id, origin);
      // As it was before: to the old e-mail.
      await this.mail.addNotice(manager, user, 'email-changed', origin);
    });
  }

  private async send(
    caller: SessionUser,
    template: 'confirm-email' | 'verify-email',
    recipient: string,
  ): Promise<void> {
    demandMail(this.config);
    const { userId } = caller;
    if (!(await this.limits.allowsMail(userId, 'verification', recipient))) return;
    await this.dataSource.transaction(async (manager) => {
      await lockCaller(this.users, manager, caller);
      await this.mail.add(manager, { template, userId, recipient });
    });
  }
}
