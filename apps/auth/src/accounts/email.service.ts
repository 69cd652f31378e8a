import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import { Config } from '../config.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { TemplateName } from '../mail/mail-templates.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { SessionUser } from '../users/current-user.decorator.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';
import { UsersRepository } from '../users/users.repository.js';
import { AccountLinks } from './account-links.js';
import { AccountsError } from './accounts.errors.js';

interface RequestedMail {
  readonly template: TemplateName;
  readonly userId: string;
  readonly recipient: string;
}

/** Verifies and changes the e-mail of an account. */
@Injectable()
export class EmailService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
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
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`
   */
  async requestVerification(userId: string): Promise<void> {
    const { email, emailVerifiedAt } = await this.users.demand(userId);
    if (emailVerifiedAt) return;
    await this.send({ template: 'verify-email', userId, recipient: email });
  }

  /**
   * Sends a link to the new e-mail. The answer is the same if that e-mail has an account already: its
   * owner gets a mail then.
   *
   * @throws AccountsError `mail_unavailable`; UsersError `too_many_attempts`; SessionsError
   *   `session_not_found`
   */
  requestChange(caller: SessionUser, newEmail: string): Promise<void> {
    const { userId } = caller;
    const mail = { template: 'confirm-email', userId, recipient: newEmail } as const;
    return this.send(mail, async (manager) => {
      await this.users.lock(manager, userId);
      await this.sessions.lockOpen(manager, caller);
    });
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
      await this.mail.notify(manager, user, 'email-changed', origin);
    });
  }

  /** @param demand in the transaction that adds the mail */
  private async send(
    mail: RequestedMail,
    demand?: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    if (!this.config.mailServer) throw new AccountsError('mail_unavailable', 'No SMTP_URL');
    if (!(await this.limits.allowsMail(mail.userId, mail.recipient))) return;
    await this.dataSource.transaction(async (manager) => {
      await demand?.(manager);
      await this.mail.add(manager, mail);
    });
  }
}
