import { randomUUID } from 'node:crypto';

import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { MailContents } from './mail-contents.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSender } from './mail-sender.js';
import type { MailKind } from './mail-templates.js';
import { OutgoingMailsRepository } from './outgoing-mails.repository.js';

// Mails are sent when a test says so, and not in between.
beforeAll(() => {
  vi.spyOn(MailSender.prototype, 'onApplicationBootstrap').mockReturnValue();
});
const { auth, mailbox } = AuthApp.forFileWithMailbox({
  MAIL_FROM: 'Accounts <accounts@example.org>',
});
beforeAll(() => void vi.restoreAllMocks());
afterEach(() => {
  mailbox.refusal = undefined;
  auth.clock.reset();
});

const sender = () => auth.get(MailSender);
const rows = () =>
  auth.dataSource.query<{ attempts: number }[]>('SELECT attempts FROM outgoing_mails');

const add = (recipient: string, template: MailKind = 'password-changed') =>
  auth.dataSource.transaction((manager) =>
    auth.get(MailOutbox).add(manager, { template, recipient }),
  );

it('a mail is sent once, whichever of several processes sends it', async () => {
  // Of the same process, as far as the database can tell.
  const others = [1, 2, 3].map(() => sender().sendDue());
  for (let count = 0; count < 12; count += 1) await add(`many${count}@example.com`);
  await Promise.all([...others, ...[1, 2, 3, 4].map(() => sender().sendDue())]);
  for (let count = 0; count < 12; count += 1) await mailbox.take(`many${count}@example.com`);
  expect(mailbox.mails).toEqual([]);
  expect(await rows()).toEqual([]);
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

it('a mail that is sent again has another Message-ID: the link in the first one has ended', async () => {
  const id = randomUUID();
  const attempt = async (attempts: number) => {
    await auth.dataSource.query(
      `INSERT INTO outgoing_mails (id, template, recipient, details, created_at, next_attempt_at, attempts)
       VALUES ($1, 'password-changed', 'twice@example.com', '{}', now(), now() - interval '1 s', $2)`,
      [id, attempts],
    );
    await sender().sendDue();
    return (await mailbox.take('twice@example.com')).headers['message-id'];
  };
  expect(await attempt(0)).toBe(`<${id}.1@localhost>`);
  expect(await attempt(1)).toBe(`<${id}.2@localhost>`);
});

it('a mail that cannot be completed is tried again, and the log says why', async () => {
  auth.get(MailContents).on('session-copied', () => Promise.reject(new TypeError('What is that?')));
  await add('bug@example.com', 'session-copied');
  await sender().sendDue();
  expect(await rows()).toEqual([{ attempts: 1 }]);
  const line = auth.log.find((text) => text.includes('What is that?'));
  expect(line).toContain('mail-sender.database-spec.ts');
  await auth.dataSource.query('DELETE FROM outgoing_mails');
});

it('a batch goes on when one mail of it fails, and the failure is known after it', async () => {
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  auth.get(MailContents).on('factors-reset', async () => {
    await gate;
    return { template: 'factors-reset' };
  });
  const remove = vi
    .spyOn(auth.get(OutgoingMailsRepository), 'remove')
    .mockImplementationOnce(() => {
      setImmediate(goOn);
      return Promise.reject(new Error('The database is down'));
    });
  onTestFinished(() => remove.mockRestore());
  const { sent } = sender().outcomes;
  await add('slow@example.com', 'factors-reset');
  await add('failing@example.com');
  await expect(sender().sendDue()).rejects.toThrow('The database is down');
  expect(sender().outcomes.sent).toBe(sent + 2);
  expect(await rows()).toEqual([{ attempts: 1 }]);
  await auth.dataSource.query('DELETE FROM outgoing_mails');
  await mailbox.take('slow@example.com');
  await mailbox.take('failing@example.com');
});

describe('a mail server that refuses', () => {
  it('has the address in its answer, which is not in the log', async () => {
    mailbox.refusal = Object.assign(new Error('No mailbox of Ada here'), { responseCode: 550 });
    await add('ada@example.com');
    await sender().sendDue();
    const line = auth.log.findLast((text) => text.includes('Could not send a mail'));
    expect(line).toContain('550');
    expect(line).not.toContain('of Ada');
    await auth.dataSource.query('DELETE FROM outgoing_mails');
  });

  it.each([
    [5, 80],
    [10, 2_560],
    [15, 3_600],
    [30, 3_600],
  ])('%i times gets the mail again after %i s', async (attempts, seconds) => {
    mailbox.refusal = Object.assign(new Error('Try again later'), { responseCode: 451 });
    const id = randomUUID();
    await auth.dataSource.query(
      `INSERT INTO outgoing_mails (id, template, recipient, details, created_at, next_attempt_at, attempts)
       SELECT $1, 'password-changed', 'pause@example.com', '{}', now(), now() - interval '1 s', $2`,
      [id, attempts - 1],
    );
    await sender().sendDue();
    // Counted from the attempt, which was between the two times.
    const due = await auth.dataSource.query<object[]>(
      `SELECT attempts, next_attempt_at BETWEEN created_at + pause AND clock_timestamp() + pause AS "isDue"
       FROM outgoing_mails, make_interval(secs => $2) AS pause WHERE id = $1`,
      [id, seconds],
    );
    expect(due).toEqual([{ attempts, isDue: true }]);
    await auth.dataSource.query('DELETE FROM outgoing_mails WHERE id = $1', [id]);
  });

  it('for a day makes the mail dead, which is counted and audited', async () => {
    mailbox.refusal = new Error('No such mailbox');
    await add('dead@example.com');
    await sender().sendDue();
    auth.clock.advance(3_600_000);
    await sender().sendDue();
    expect(await rows()).toEqual([{ attempts: 2 }]);
    expect(sender().outcomes.dead).toBe(0);
    auth.clock.advance(23 * 3_600_000);
    await sender().sendDue();
    expect(sender().outcomes.dead).toBe(1);
    expect(await rows()).toEqual([]);
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor, detail->>'template' AS template FROM audit_events
       WHERE action = 'mail.undeliverable'`,
    );
    expect(events).toEqual([{ actor: null, template: 'password-changed' }]);
  });
});
