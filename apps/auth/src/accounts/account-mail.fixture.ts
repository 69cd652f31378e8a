import type { Mailbox, ReceivedMail } from '@jwt-auth/dev-stack/mailbox';

import { MailSender } from '../mail/mail-sender.js';
import type { AuthApp } from '../testing/auth-app.fixture.js';

/** The next mail to this address whose subject contains this, sent now and not at the next poll. */
export async function takeMail(
  auth: AuthApp,
  mailbox: Mailbox,
  to: string,
  subject = '',
): Promise<ReceivedMail> {
  await auth.get(MailSender).sendDue();
  return mailbox.take(to, subject);
}

/** The token of the link in it. */
export async function linkToken(...next: Parameters<typeof takeMail>): Promise<string> {
  const { text, html } = await takeMail(...next);
  const token = /#token=(?<token>[\w-]{43})$/m.exec(text)?.groups?.['token'] ?? '';
  if (!html.includes(`#token=${token}"`)) throw new Error('The link differs in the HTML');
  return token;
}
