import { Injectable } from '@nestjs/common';

import { Config } from '../config.js';
import {
  MailTemplates,
  type MailKind,
  type RenderedMail,
  type TemplateName,
  type TemplateValues,
} from './mail-templates.js';
import type { OutgoingMail } from './outgoing-mail.entity.js';

/** What is said in a mail, by which template, and to whom. */
export interface MailContent {
  readonly template: TemplateName;
  /** Default: as the mail was written. */
  readonly recipient?: string;
  readonly values?: TemplateValues;
}

/** A mail as it goes to the mail server. */
export interface CompleteMail extends RenderedMail {
  readonly recipient: string;
}

/** Completes a mail at the moment when it is sent. `undefined`: there is nothing to send. */
type MailCompletion = (mail: OutgoingMail) => Promise<MailContent | undefined>;

/** Fills templates. Domains whose mails need more than what was written with them register that here. */
@Injectable()
export class MailContents {
  private readonly templates: MailTemplates;
  private readonly completions = new Map<MailKind, MailCompletion>();

  constructor(private readonly config: Config) {
    this.templates = new MailTemplates(config.mailTemplates);
  }

  /** Before a mail of this kind is sent. */
  on(kind: MailKind, completion: MailCompletion): void {
    this.completions.set(kind, completion);
  }

  /** `undefined`: there is nothing to send. */
  async of(mail: OutgoingMail): Promise<CompleteMail | undefined> {
    const complete = this.completions.get(mail.template);
    const content = complete ? await complete(mail) : { template: mail.template as TemplateName };
    if (!content) return undefined;
    const { template, recipient = mail.recipient, values }: MailContent = content;
    const service = new URL(this.config.issuer).host;
    return {
      recipient,
      ...this.templates.render(template, {
        service,
        email: recipient,
        ...mail.details,
        ...values,
      }),
    };
  }
}
