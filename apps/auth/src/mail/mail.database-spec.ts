import { afterEach, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSender } from './mail-sender.js';

const NEW_PASSWORD = 'another good passphrase';

const { auth, mailbox } = AuthApp.forFileWithMailbox({
  MAIL_FROM: 'Accounts <accounts@example.org>',
});
afterEach(async () => {
  mailbox.refusal = undefined;
  auth.clock.reset();
  // The server has a mail before its row is gone.
  await sender().sendDue();
  await expect
    .poll(() => auth.dataSource.query<object[]>('SELECT FROM outgoing_mails'))
    .toEqual([]);
});

const sender = () => auth.get(MailSender);
const rows = (template = 'password-changed') =>
  auth.dataSource.query<{ attempts: number }[]>(
    'SELECT attempts FROM outgoing_mails WHERE template = $1',
    [template],
  );

async function changePassword(email: string): Promise<number> {
  await auth.register(email);
  const { access_token: token } = await auth.login(email);
  const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  return (await auth.call('PUT', '/auth/password', { token, body })).status;
}

/** The next mail to this address, sent now and not at the next poll. */
async function take(recipient: string, subject?: string) {
  await sender().sendDue();
  return mailbox.take(recipient, subject);
}

const add = (recipient: string, values = {}) =>
  auth.dataSource.transaction((manager) =>
    auth.get(MailOutbox).add(manager, { template: 'password-changed', recipient, values }),
  );

describe('mail', () => {
  it('says that a password was changed, as text and as HTML', async () => {
    expect(await changePassword('ada@example.com')).toBe(204);
    const mail = await take('ada@example.com', 'password');
    expect(mail).toMatchObject({
      from: 'accounts@example.org',
      subject: 'Your password was changed',
      headers: { 'auto-submitted': 'auto-generated' },
    });
    for (const part of [mail.text, mail.html]) {
      expect(part).toContain('ada@example.com');
      expect(part).toContain('127.0.0.1');
      expect(part).not.toContain('{{');
    }
  });

  it('has values as text, never as markup', async () => {
    await add('markup@example.com', { address: '<b onclick="x">&</b>' });
    const { html } = await take('markup@example.com');
    expect(html).toContain('&lt;b onclick=&quot;x&quot;&gt;&amp;&lt;/b&gt;');
  });

  it('is not sent for what was rolled back', async () => {
    const failed = auth.dataSource.transaction(async (manager) => {
      await auth.get(MailOutbox).add(manager, {
        template: 'password-changed',
        recipient: 'undone@example.com',
      });
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    await sender().sendDue();
    expect(await rows()).toEqual([]);
    expect(mailbox.mails.map(({ to }) => to).flat()).not.toContain('undone@example.com');
  });

  it('that a mail server refuses delays no answer, and is sent later', async () => {
    mailbox.refusal = Object.assign(new Error('Try again later'), { responseCode: 451 });
    const { failed } = sender().outcomes;
    // The pause before the second attempt does not pass, however slow the machine is.
    auth.clock.stop();
    expect(await changePassword('later@example.com')).toBe(204);
    // The mail about the new e-mail, and this one.
    await expect.poll(() => sender().outcomes.failed).toBe(failed + 2);
    mailbox.refusal = undefined;
    await sender().sendDue();
    expect(await rows()).toHaveLength(1);
    auth.clock.advance(6_000);
    await take('later@example.com', 'Verify');
    await take('later@example.com', 'password');
    expect(auth.log.join()).not.toContain('later@example.com');
  });
});

it('without SMTP_URL no mail is written', async () => {
  const silent = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
  try {
    const before = await rows();
    await silent.dataSource.transaction((manager) =>
      silent.get(MailOutbox).add(manager, {
        template: 'password-changed',
        recipient: 'silent@example.com',
      }),
    );
    expect(await rows()).toEqual(before);
  } finally {
    await silent.close();
  }
});
