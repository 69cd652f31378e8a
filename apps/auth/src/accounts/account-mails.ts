import { Injectable, type OnModuleInit } from '@nestjs/common';

import { MailContents, type MailContent } from '../mail/mail-contents.js';
import type { TemplateName } from '../mail/mail-templates.js';
import type { OutgoingMail } from '../mail/outgoing-mail.entity.js';
import { emailKey } from '../users/email.js';
import type { User } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import type { LinkPurpose } from './account-link.entity.js';
import { AccountLinks } from './account-links.js';

/**
 * Decides what a mail about an account says at the moment when it is sent. So a request for it does the
 * same work whether or not there is an account, and no link waits in the database.
 */
@Injectable()
export class AccountMails implements OnModuleInit {
  constructor(
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
  private async registration({ recipient }: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.users.findByEmail(emailKey(recipient));
    if (!user || user.isDisabled) return undefined;
    const isPending = user.registration === 'pending' && !user.emailVerifiedAt;
    return isPending
      ? this.withLink('verify-email', user, user.email)
      : { template: 'email-taken', recipient: user.email };
  }

  private async verification({ userId, recipient }: OutgoingMail) {
    const user = userId === null ? null : await this.users.findById(userId);
    if (!user || user.isDisabled || user.emailVerifiedAt) return undefined;
    if (user.email !== recipient) return undefined;
    return this.withLink('verify-email', user, user.email);
  }

  private async reset({ recipient }: OutgoingMail): Promise<MailContent | undefined> {
    const user = await this.users.findByEmail(emailKey(recipient));
    if (!user || user.isDisabled) return undefined;
    // As the account has it, not as the request wrote it.
    return this.withLink('reset-password', user, user.email);
  }

  private async confirmation({ userId, recipient }: OutgoingMail) {
    const user = userId === null ? null : await this.users.findById(userId);
    if (!user || user.isDisabled) return undefined;
    const owner = await this.users.findByEmail(emailKey(recipient));
    if (!owner || owner.id === user.id) return this.withLink('confirm-email', user, recipient);
    return { template: 'email-taken' as const, recipient: owner.email };
  }

  /** An administrator asks for a new password. */
  private async newPassword({ userId }: OutgoingMail): Promise<MailContent | undefined> {
    const user = userId === null ? null : await this.users.findById(userId);
    if (!user || user.isDisabled) return undefined;
    return this.withLink('reset-password', user, user.email, 'new-password');
  }

  /** The way back, for as long as there is one. */
  private async deletion({ userId }: OutgoingMail): Promise<MailContent | undefined> {
    const user = userId === null ? null : await this.users.findById(userId);
    if (!user?.deleteAt || !user.isDisabled) return undefined;
    const link = await this.links.issue(user.id, 'restore-account', user.email, user.deleteAt);
    const values = { link, until: user.deleteAt.toUTCString() };
    return { template: 'account-deleted', recipient: user.email, values };
  }

  private async withLink(
    purpose: Exclude<LinkPurpose, 'restore-account'>,
    { id }: User,
    recipient: string,
    template: TemplateName = purpose,
  ): Promise<MailContent> {
    const link = await this.links.issue(id, purpose, recipient);
    return { template, recipient, values: { link } };
  }
}
