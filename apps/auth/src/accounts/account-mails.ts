import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { MailContents, type MailContent } from '../mail/mail-contents.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import type { TemplateName } from '../mail/mail-templates.js';
import type { OutgoingMail } from '../mail/outgoing-mail.entity.js';
import { emailKey } from '../credentials/email.js';
import { isPending, type User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import type { LinkPurpose } from './account-link.entity.js';
import { AccountLinks, isLinkFor } from './account-links.js';

/** What differs from the mail as it was written, and from the account. */
interface LinkedMail extends Partial<MailContent> {
  readonly until?: Date;
}

/**
 * Decides what a mail about an account says at the moment when it is sent. So a request for it does the
 * same work whether or not there is an account, and no link waits in the database.
 */
@Injectable()
export class AccountMails implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: MailOutbox,
    private readonly contents: MailContents,
    private readonly users: UsersRepository,
    private readonly links: AccountLinks,
  ) {}

  onModuleInit(): void {
    this.contents.on('registration', (mail) => this.registration(mail));
    this.contents.on('verify-email', (mail) => this.verification(mail));
    this.contents.on('reset-password', (mail) => this.reset(mail));
    this.contents.on('confirm-email', (mail) => this.confirmation(mail));
    this.contents.on('new-password', (mail) => this.newPassword(mail));
    this.contents.on('account-deleted', (mail) => this.deletion(mail));
  }

  /** To the user who registered the e-mail, or to the owner of the account that has it already. */
  private async registration(mail: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.users.findByEmail(emailKey(mail.recipient));
    if (!user || user.isDisabled) return undefined;
    return isPending(user)
      ? this.withLink(mail, user, 'verify-email', { template: 'verify-email' })
      : { template: 'email-taken', recipient: user.email };
  }

  private async verification(mail: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.userOf(mail);
    return user?.emailVerifiedAt ? undefined : this.withLink(mail, user, 'verify-email');
  }

  private async reset(mail: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.users.findByEmail(emailKey(mail.recipient));
    // As the account has it, not as the request wrote it.
    return this.withLink(mail, user, 'reset-password');
  }

  private async confirmation(mail: OutgoingMail) {
    const { recipient } = mail;
    const user = await this.userOf(mail);
    if (!user || user.isDisabled) return undefined;
    const owner = await this.users.findByEmail(emailKey(recipient));
    if (!owner || owner.id === user.id) {
      return this.withLink(mail, user, 'confirm-email', { recipient });
    }
    return { template: 'email-taken' as const, recipient: owner.email };
  }

  /** An administrator asks for a new password. */
  private async newPassword(mail: OutgoingMail): Promise<MailContent | undefined> {
    return this.withLink(mail, await this.userOf(mail), 'reset-password');
  }

  /** With a link that restores the account, as long as that is possible. */
  private async deletion(mail: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.userOf(mail);
    if (!user?.deleteAt) return undefined;
    const until = user.deleteAt;
    const values = { until: until.toUTCString() };
    return this.withLink(mail, user, 'restore-account', { until, values });
  }

  private async userOf({ userId }: OutgoingMail): Promise<User | null> {
    return userId === null ? null : this.users.findById(userId);
  }

  /**
   * A mail with a new link, which ends that of an attempt before. `undefined`: there is no user, or the mail
   * was removed, or its user disabled or restored, while this process completed it. Mails are removed with
   * their user locked, and the links after them: so no link is left.
   */
  private async withLink(
    mail: OutgoingMail,
    found: User | null,
    purpose: LinkPurpose,
    { template = mail.template as TemplateName, values, until, ...changed }: LinkedMail = {},
  ): Promise<MailContent | undefined> {
    if (!found) return undefined;
    const { id: userId } = found;
    return this.dataSource.transaction(async (manager) => {
      const user = await this.users.lock(manager, userId);
      if (!user || !isLinkFor(user, purpose)) return undefined;
      if (!(await this.outbox.has(manager, mail))) return undefined;
      const { recipient = user.email } = changed;
      const link = await this.links.issue(manager, { userId, purpose, email: recipient }, until);
      return { template, recipient, values: { ...values, link } };
    });
  }
}
