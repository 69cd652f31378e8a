import { Injectable } from '@nestjs/common';

import { Config } from '../config.js';
import {
  MailTemplates,
  type RenderedMail,
  type TemplateName,
  type TemplateValues,
} from './mail-templates.js';
import type { OutgoingMail } from './outgoing-mail.entity.js';

/** What is said in a mail, and by which template. */
export interface MailContent {
  readonly template: TemplateName;
  readonly values: TemplateValues;
}

/** Completes a mail at the moment when it is sent. `undefined`: there is nothing to send. */
export type MailCompletion = (mail: OutgoingMail) => Promise<MailContent | undefined>;

/** Fills templates. Domains whose mails need more than what was written with them register that here. */
@Injectable()
export class MailContents {
  private readonly templates = new MailTemplates(this.config.mailTemplates);
  private readonly completions = new Map<TemplateName, MailCompletion>();

  constructor(private readonly config: Config) {}

  /** Before a mail of this template is sent. */
  on(template: TemplateName, completion: MailCompletion): void {
    this.completions.set(template, completion);
  }

  async of(mail: OutgoingMail): Promise<RenderedMail | undefined> {
    const complete = this.completions.get(mail.template);
    const content = complete ? await complete(mail) : { template: mail.template, values: {} };
    if (!content) return undefined;
    const service = new URL(this.config.issuer).host;
    return this.templates.render(content.template, {
      ...{ service, email: mail.recipient },
      ...mail.details,
      ...content.values,
    });
  }
}
