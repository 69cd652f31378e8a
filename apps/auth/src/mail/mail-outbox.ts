import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import type { Origin } from '../audit/origin.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { MailKind, TemplateName, TemplateValues } from './mail-templates.js';
import type { OutgoingMail } from './outgoing-mail.entity.js';
import { OutgoingMailsRepository } from './outgoing-mails.repository.js';

export interface Mail {
  readonly template: MailKind;
  readonly recipient: string;
  /** Whom it is about, if that is known. */
  readonly userId?: string;
  readonly values?: TemplateValues;
}

/** The user of an account, as far as mail needs it. */
export interface Recipient {
  readonly id: string;
  readonly email: string;
}

/** Takes mail to be sent soon, however the mail server is. */
@Injectable()
export class MailOutbox {
  constructor(
    private readonly mails: OutgoingMailsRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes the mail in the caller's transaction: what is not done sends no mail, and the reverse.
   * Without `SMTP_URL` there is no mail.
   */
  async add(
    manager: EntityManager,
    { template, recipient, userId, values = {} }: Mail,
  ): Promise<void> {
    if (!this.config.mailServer) return;
    const now = await this.clock.database(manager);
    await this.mails.insert(manager, {
      id: randomUUID(),
      template,
      recipient,
      details: values,
      userId: userId ?? null,
      createdAt: now,
      nextAttemptAt: now,
      attempts: 0,
    });
  }

  /**
   * The same for a mail that notifies a user of a change of the account: when and from where, for the
   * user to recognize. Without the user agent: a stranger chooses it, and must not write into our mail.
   *
   * @param origin `undefined`: from where is not for the user to know
   */
  async addNotice(
    manager: EntityManager,
    { id: userId, email: recipient }: Recipient,
    template: TemplateName,
    origin: Origin | undefined,
    values: TemplateValues = {},
  ): Promise<void> {
    const time = (await this.clock.database(manager)).toUTCString();
    const done = { time, ...(origin && { address: origin.address }) };
    await this.add(manager, { template, recipient, userId, values: { ...done, ...values } });
  }

  /** Sends no more mail about a user, of this kind or of any. */
  remove(manager: EntityManager, userId: string, template?: MailKind): Promise<void> {
    return this.mails.removeOf(manager, { userId, ...(template && { template }) });
  }

  /** Whether a mail is still to be sent: while a process completes it, another one may remove it. */
  has(manager: EntityManager, mail: OutgoingMail): Promise<boolean> {
    return this.mails.has(manager, mail);
  }
}
