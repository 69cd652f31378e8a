import { randomUUID } from 'node:crypto';

import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSender } from './mail-sender.js';

const NEW_PASSWORD = 'another good passphrase';

let mailbox: Mailbox;
let auth: AuthApp;
beforeAll(async () => {
  mailbox = await Mailbox.start();
  auth = await AuthApp.start({
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: 'Accounts <accounts@example.org>',
  });
});
afterAll(async () => {
  await auth.close();
  await mailbox.stop();
});
afterEach(() => {
  mailbox.refusal = undefined;
  auth.clock.reset();
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

const add = (recipient: string, values = {}) =>
  auth.dataSource.transaction((manager) =>
    auth.get(MailOutbox).add(manager, { template: 'password-changed', recipient, values }),
  );

describe('mail', () => {
  it('says that a password was changed, as text and as HTML', async () => {
    expect(await changePassword('ada@example.com')).toBe(204);
    const mail = await mailbox.take('ada@example.com', 'password');
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
    const { html } = await mailbox.take('markup@example.com');
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
    expect(await rows()).toEqual([]);
  });

  it('is sent once, whichever of several processes sends it', async () => {
    // Of the same process, as far as the database can tell.
    const others = [1, 2, 3].map(() => sender().sendDue());
    for (let count = 0; count < 12; count += 1) await add(`many${count}@example.com`);
    await Promise.all([...others, ...[1, 2, 3, 4].map(() => sender().sendDue())]);
    for (let count = 0; count < 12; count += 1) await mailbox.take(`many${count}@example.com`);
    expect(mailbox.mails.filter(({ to }) => to[0]?.startsWith('many'))).toEqual([]);
    expect(await rows()).toEqual([]);
  });
});

describe('a mail server that refuses', () => {
  it.each([
    [5, 80],
    [10, 2_560],
    [15, 3_600],
  ])('%i times gets the mail again after %i s', async (attempts, seconds) => {
    mailbox.refusal = Object.assign(new Error('Try again later'), { responseCode: 451 });
    const id = randomUUID();
    await auth.dataSource.query(
      `INSERT INTO outgoing_mails (id, template, recipient, details, created_at, next_attempt_at, attempts)
       SELECT $1, 'password-changed', 'pause@example.com', '{}', now(), now(), $2`,
      [id, attempts - 1],
    );
    await sender().sendDue();
    // Counted from the attempt, which was between the two times.
    const due = () =>
      auth.dataSource.query<object[]>(
        `SELECT attempts, next_attempt_at BETWEEN created_at + pause AND clock_timestamp() + pause AS "isDue"
         FROM outgoing_mails, make_interval(secs => $2) AS pause WHERE id = $1`,
        [id, seconds],
      );
    await expect.poll(due).toEqual([{ attempts, isDue: true }]);
    await auth.dataSource.query('DELETE FROM outgoing_mails WHERE id = $1', [id]);
  });

  it('delays no answer, and gets the mail again later', async () => {
    mailbox.refusal = Object.assign(new Error('Try again later'), { responseCode: 451 });
    const { failed } = sender().outcomes;
    expect(await changePassword('later@example.com')).toBe(204);
    // The mail about the new e-mail, and this one.
    await expect.poll(() => sender().outcomes.failed).toBe(failed + 2);
    mailbox.refusal = undefined;
    await sender().sendDue();
    expect(await rows()).toHaveLength(1);
    auth.clock.advance(6_000);
    await mailbox.take('later@example.com', 'Verify');
    await mailbox.take('later@example.com', 'password');
    expect(auth.log.join()).not.toContain('later@example.com');
  });

  it('gets a mail again after an hour at the latest', async () => {
    mailbox.refusal = new Error('Try again later');
    await add('often@example.com');
    await sender().sendDue();
    const find = `SELECT extract(epoch FROM next_attempt_at - $1)::int AS seconds
      FROM outgoing_mails WHERE recipient = 'often@example.com'`;
    await auth.dataSource.query('UPDATE outgoing_mails SET attempts = 30, next_attempt_at = now()');
    const begun = await auth.clock.database(auth.dataSource.manager);
    await sender().sendDue();
    const [next] = await auth.dataSource.query<{ seconds: number }[]>(find, [begun]);
    expect(next!.seconds).toBeGreaterThan(3_590);
    expect(next!.seconds).toBeLessThan(7_200);
    await auth.dataSource.query('DELETE FROM outgoing_mails');
  });

  it('for a day makes the mail dead, which is counted and audited', async () => {
    mailbox.refusal = new Error('No such mailbox');
    await add('dead@example.com');
    await sender().sendDue();
    auth.clock.advance(3_600_000);
    await sender().sendDue();
    await expect.poll(async () => (await rows())[0]?.attempts).toBeGreaterThan(1);
    expect(sender().outcomes.dead).toBe(0);
    auth.clock.advance(23 * 3_600_000);
    await expect.poll(() => sender().outcomes.dead).toBe(1);
    await expect.poll(() => rows()).toEqual([]);
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor, detail->>'template' AS template FROM audit_events
       WHERE action = 'mail.undeliverable'`,
    );
    expect(events).toEqual([{ actor: null, template: 'password-changed' }]);
  });
});

it('a mail whose process died is sent by another one two minutes later', async () => {
  await auth.dataSource.query(
    `INSERT INTO outgoing_mails (id, template, recipient, details, created_at, next_attempt_at, attempts)
     SELECT gen_random_uuid(), 'password-changed', 'orphan@example.com', '{}', now, now + interval '2 minutes', 1
     FROM (SELECT $1::timestamptz AS now) AS clock`,
    [auth.clock.now()],
  );
  await sender().sendDue();
  expect(await rows()).toHaveLength(1);
  auth.clock.advance(121_000);
  await sender().sendDue();
  await mailbox.take('orphan@example.com');
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
