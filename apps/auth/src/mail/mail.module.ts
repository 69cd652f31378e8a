import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { MailContents } from './mail-contents.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSender } from './mail-sender.js';
import { MailTransport } from './mail-transport.js';
import { OutgoingMailsRepository } from './outgoing-mails.repository.js';

@Module({
  imports: [AuditModule],
  providers: [MailContents, MailOutbox, MailSender, MailTransport, OutgoingMailsRepository],
  exports: [MailContents, MailOutbox, MailSender],
})
export class MailModule {}
