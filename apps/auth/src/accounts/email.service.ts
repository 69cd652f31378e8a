import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Config } from '../config.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { TemplateName } from '../mail/mail-templates.js';
import { noticeOf } from '../mail/notice.js';
import { mailLimits, mailRequestLimits } from '../users/attempt-limits.js';
import { emailKey } from '../users/email.js';
import { LoginLimits } from '../users/login-limits.js';
import { UsersRepository } from '../users/users.repository.js';
import { UsersService } from '../users/users.service.js';
import { AccountLinks } from './account-links.js';
import { AccountsError } from './accounts.errors.js';

/** Verifies and changes the e-mail of an account. */
@Injectable()
export class EmailService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly usersService: UsersService,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
    private readonly limits: LoginLimits,
    private readonly mail: MailOutbox,
    private readonly audit: AuditService,
    private readonly config: Config,
  ) {}

  /** @throws AccountsError `link_invalid` */
  verify(token: string, origin: Origin): Promise<void> {
    return this.links.use(token, 'verify-email', async ({ manager, user, now }) => {
      await this.users.verifyEmail(manager, user, now);
      const { id } = user;
      await this.audit.record(manager, {
        action: 'user.email_verified',
        actor: id,
        subject: id,
        origin,
      });
    });
  }

  /**
   * Sends the link for the verification again.
   *
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`
   */
  async requestVerification(userId: string): Promise<void> {
    const { email, emailVerifiedAt } = await this.usersService.get(userId);
    if (!emailVerifiedAt) await this.send('verify-email', userId, email);
  }

  /**
   * Sends a link to the new e-mail. The answer is the same if that has an account, whose owner is then
   * told by mail.
   *
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`
   */
  requestChange(userId: string, newEmail: string): Promise<void> {
    return this.send('confirm-email', userId, newEmail);
  }

  /**
   * Changes the e-mail to the one that the link was sent to, and tells the old one. All other links,
   * which are in mails to the old one, end.
   *
   * @throws AccountsError `link_invalid`; UsersError `email_taken`
   */
  confirmChange(token: string, origin: Origin): Promise<void> {
    return this.links.use(token, 'confirm-email', async ({ manager, user, link, now }) => {
      const { id, email } = user;
      await this.users.changeEmail(manager, user, link.email, now);
      await this.links.endAll(manager, id);
      await this.audit.record(manager, {
        action: 'user.email_changed',
        actor: id,
        subject: id,
        origin,
      });
      await this.mail.add(manager, {
        template: 'email-changed',
        recipient: email,
        userId: id,
        values: noticeOf(now, origin),
      });
    });
  }

  private async send(template: TemplateName, userId: string, recipient: string): Promise<void> {
    if (!this.config.mailServer) throw new AccountsError('mail_unavailable', 'No SMTP_URL');
    await this.limits.begin(mailRequestLimits(userId));
    if (!(await this.limits.allows(mailLimits(emailKey(recipient))))) return;
    await this.dataSource.transaction((manager) =>
      this.mail.add(manager, { template, recipient, userId }),
    );
  }
}
