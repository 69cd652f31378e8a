import { Retention } from '@jwt-auth/chassis';
import { afterEach, describe, expect, it } from 'vitest';

import { Config } from '../config.js';
import { MailSender } from '../mail/mail-sender.js';
import { AuthApp, PASSWORD, type Answer, type ProblemBody } from '../testing/auth-app.fixture.js';
import type { UserAnswer } from '../users/users.admin.schema.js';
import { linkToken, takeMail } from './account-mail.fixture.js';

const DAY_MS = 86_400_000;
/** For a machine that is busy. */
const POLL = { timeout: 30_000 };

const { auth, mailbox } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on' });
afterEach(() => auth.clock.reset());

const query = <Row extends object>(sql: string, ...parameters: unknown[]): Promise<Row[]> =>
  auth.dataSource.query(sql, parameters);
const codeOf = async (answer: Promise<Answer<ProblemBody>>) => {
  const { status, body } = await answer;
  return status < 300 ? status : body.code;
};
const logIn = (email: string, password = PASSWORD) =>
  codeOf(auth.call('POST', '/auth/login', { body: { email, password } }));
const remove = (token: string) => codeOf(auth.call('DELETE', '/auth/me', { token }));
const restore = (token: string) =>
  codeOf(auth.call('POST', '/auth/account/restore', { body: { token } }));
const administrator = async () => (await auth.login('admin@example.com')).access_token;
const change = async (id: string, body: object) =>
  auth.call<UserAnswer>('PATCH', `/admin/users/${id}`, { token: await administrator(), body });
const linkOf = (email: string) => linkToken(auth, mailbox, email, 'being deleted');

/** The mail server takes mail again, and gets all that waits. */
async function sendWaiting(): Promise<void> {
  mailbox.refusal = undefined;
  const waiting = async () => {
    // Beyond the pause before the next attempt.
    auth.clock.advance(20_000);
    await auth.get(MailSender).sendDue();
    return query('SELECT FROM outgoing_mails');
  };
  await expect.poll(waiting, POLL).toEqual([]);
}

async function newUser(email: string) {
  const { id } = (await auth.register(email)).body;
  await takeMail(auth, mailbox, email, 'Verify');
  return { id, ...(await auth.login(email)) };
}

/** A user who has just deleted the account, and the link of the mail. */
async function deletedUser(email: string) {
  const user = await newUser(email);
  expect(await remove(user.access_token)).toBe(204);
  return { ...user, link: await linkOf(email) };
}

describe('an account that its user deletes', () => {
  it('ends all sessions at once, and cannot log in', async () => {
    const user = await newUser('gone@example.com');
    const other = await auth.login('gone@example.com');
    expect(await remove(user.access_token)).toBe(204);
    for (const { access_token: token, refresh_token } of [user, other]) {
      expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
      expect((await auth.refresh(refresh_token)).status).toBe(401);
    }
    expect(await logIn('gone@example.com')).toBe('invalid_credentials');
  });

  it('says until when it can be restored to a caller who prefers to know', async () => {
    const { access_token: token } = await newUser('until@example.com');
    const answer = await auth.call<{ deleteAt: string }>('DELETE', '/auth/me', {
      token,
      headers: { prefer: 'return=representation' },
    });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'preference-applied': 'return=representation' },
    });
    const [row] = await query<{ delete_at: Date }>(
      `SELECT delete_at FROM users WHERE email = 'until@example.com'`,
    );
    expect(answer.body).toEqual({ deleteAt: row?.delete_at.toISOString() });
  });

  it('comes back by the link that was mailed, which works once', async () => {
    const { id, link } = await deletedUser('Back@example.com');
    expect(await restore(link)).toBe(204);
    expect(await logIn('back@example.com')).toBe(200);
    expect(await restore(link)).toBe('link_invalid');
    const events = await query(
      `SELECT action FROM audit_events WHERE actor = $1 AND subject = $1
         AND action IN ('user.deletion_requested', 'user.restored') ORDER BY id`,
      id,
    );
    expect(events).toEqual([{ action: 'user.deletion_requested' }, { action: 'user.restored' }]);
  });

  it('keeps its link for 7 days, and nothing else works meanwhile', async () => {
    const { link } = await deletedUser('week@example.com');
    await auth.call('POST', '/auth/password/forgot', { body: { email: 'week@example.com' } });
    await auth.get(MailSender).sendDue();
    await expect.poll(() => query('SELECT FROM outgoing_mails'), POLL).toEqual([]);
    expect(mailbox.mails.filter(({ to }) => to[0] === 'week@example.com')).toEqual([]);
    expect((await auth.register('week@example.com')).status).toBe(409);
    auth.clock.advance(7 * DAY_MS + 60_000);
    expect(await restore(link)).toBe('link_invalid');
    auth.clock.advance(-120_000);
    expect(await restore(link)).toBe(204);
  });

  it('is deleted once by two requests at the same moment', async () => {
    const { id, access_token: token } = await newUser('twice@example.com');
    const outcomes = await Promise.all([remove(token), remove(token)]);
    expect(outcomes).toContain(204);
    const events = await query(
      `SELECT FROM audit_events WHERE subject = $1 AND action = 'user.deletion_requested'`,
      id,
    );
    expect(events).toHaveLength(1);
  });

  it('needs a login of the last 15 minutes, and the scope account', async () => {
    const { id } = await newUser('old@example.com');
    const { refresh_token } = await auth.login('old@example.com');
    await query(
      `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = $1`,
      id,
    );
    const { access_token: old } = (await auth.refresh(refresh_token)).body;
    expect(await auth.call('DELETE', '/auth/me', { token: old })).toMatchObject({
      status: 401,
      headers: {
        'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="900"',
      },
      body: { code: 'insufficient_user_authentication' },
    });
    const narrowed = await auth.call<{ access_token: string }>('POST', '/auth/login', {
      body: { email: 'old@example.com', password: PASSWORD, scope: 'orders:read' },
    });
    expect(await remove(narrowed.body.access_token)).toBe('insufficient_scope');
    expect(await logIn('old@example.com')).toBe(200);
  });

  it('is sent no link any more that was asked for before', async () => {
    const { access_token: token } = await newUser('asked@example.com');
    const { outcomes } = auth.get(MailSender);
    const failedBefore = outcomes.failed;
    mailbox.refusal = new Error('later');
    await auth.call('POST', '/auth/email/verify/resend', { token });
    const body = { newEmail: 'asked-new@example.com' };
    await auth.call('POST', '/auth/email/change', { token, body });
    // An attempt that is under way would send its mail once the server takes it again.
    await expect.poll(() => outcomes.failed, POLL).toBe(failedBefore + 2);
    expect(await remove(token)).toBe(204);
    await sendWaiting();
    expect((await takeMail(auth, mailbox, 'asked@example.com')).subject).toContain('being deleted');
    expect(mailbox.mails.filter(({ to }) => to[0]?.startsWith('asked'))).toEqual([]);
  });

  it('by a thief who changed its e-mail just before leaves the mail to the owner', async () => {
    const { access_token: token } = await newUser('owner@example.com');
    const body = { newEmail: 'thief@example.com' };
    expect((await auth.call('POST', '/auth/email/change', { token, body })).status).toBe(202);
    const link = await linkToken(auth, mailbox, 'thief@example.com', 'Confirm');
    mailbox.refusal = new Error('later');
    await auth.call('POST', '/auth/email/change/confirm', { body: { token: link } });
    expect(await remove(token)).toBe(204);
    await sendWaiting();
    await takeMail(auth, mailbox, 'owner@example.com', 'was changed');
  });

  it('is not that of the last administrator', async () => {
    const token = await administrator();
    expect(await remove(token)).toBe('conflict');
    expect(await logIn('admin@example.com')).toBe(200);
    const { id } = await newUser('second-admin@example.com');
    await change(id, { roles: ['user', 'admin'] });
    const { id: adminId } = (await auth.call<{ id: string }>('GET', '/auth/me', { token })).body;
    const emailVerification = (setting: 'required' | 'optional') =>
      Object.assign(auth.get(Config), { emailVerification: setting });
    const becomes = (userId: string, state: string, verifiedAt: Date | null) =>
      query(
        'UPDATE users SET registration = $2, email_verified_at = $3 WHERE id = $1',
        userId,
        state,
        verifiedAt,
      );
    emailVerification('required');
    for (const state of ['open', 'pending']) {
      await becomes(id, state, null);
      expect(await remove(token)).toBe('conflict');
    }
    await becomes(id, 'pending', new Date());
    const second = await auth.login('second-admin@example.com');
    emailVerification('optional');
    // Who could log in all the same.
    await becomes(adminId, 'pending', null);
    expect(await remove(second.access_token)).toBe(204);
    await becomes(adminId, 'trusted', null);
  });
});

describe('in the days of grace', () => {
  it('an administrator sees when the account goes, and enables it', async () => {
    const { id, link } = await deletedUser('enabled@example.com');
    const { body } = await auth.call<UserAnswer>('GET', `/admin/users/${id}`, {
      token: await administrator(),
    });
    const days = (Date.parse(body.deleteAt ?? '') - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThan(7.1);
    expect((await change(id, { disabled: false })).body).not.toHaveProperty('deleteAt');
    expect(await logIn('enabled@example.com')).toBe(200);
    expect(await restore(link)).toBe('link_invalid');
  });

  it('an administrator who disables the account ends the way back by mail', async () => {
    const { id, link } = await deletedUser('barred@example.com');
    expect((await change(id, { disabled: true })).status).toBe(200);
    expect(await restore(link)).toBe('link_invalid');
    const unsent = await newUser('unsent@example.com');
    mailbox.refusal = new Error('later');
    await remove(unsent.access_token);
    await change(unsent.id, { disabled: true });
    mailbox.refusal = undefined;
    expect(await query('SELECT FROM outgoing_mails WHERE user_id = $1', unsent.id)).toEqual([]);
  });
});

describe('after the days of grace', () => {
  const afterGrace = (id: string) =>
    query(`UPDATE users SET delete_at = now() - interval '1 second' WHERE id = $1`, id);
  const removeExpired = () => auth.get(Retention).removeExpired();
  const isThere = async (id: string) =>
    (await query('SELECT FROM users WHERE id = $1', id)).length === 1;

  it('all rows of the user are gone, and the audit log has the id and no e-mail', async () => {
    const { id } = await deletedUser('rows@example.com');
    await afterGrace(id);
    const kept = await deletedUser('not-yet@example.com');
    await expect.poll(async () => (await removeExpired(), await isThere(id)), POLL).toBe(false);
    expect(await isThere(kept.id)).toBe(true);
    const tables = await query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    for (const { name } of tables) {
      const rows = await query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
      const text = rows.map(({ row }) => row).join('\n');
      expect(text, name).not.toContain('rows@example.com');
      if (name !== 'audit_events') expect(text, name).not.toContain(id);
    }
    expect((await auth.register('rows@example.com')).status).toBe(201);
  });

  it('a user who was enabled meanwhile stays, by whichever release', async () => {
    const { id } = await deletedUser('release-before@example.com');
    await query('UPDATE users SET is_disabled = false WHERE id = $1', id);
    await afterGrace(id);
    const { id: other } = await deletedUser('other@example.com');
    await afterGrace(other);
    await expect.poll(async () => (await removeExpired(), await isThere(other)), POLL).toBe(false);
    expect(await isThere(id)).toBe(true);
  });
});

it('takes one connection of the pool for a request', async () => {
  const small = await AuthApp.start({ DATABASE_URL: auth.databaseUrl, DATABASE_POOL_SIZE: '2' });
  const runner = small.dataSource.createQueryRunner();
  try {
    const { access_token: token } = await newUser('one-connection@example.com');
    await runner.connect();
    expect((await small.call('DELETE', '/auth/me', { token })).status).toBe(204);
  } finally {
    await runner.release();
    await small.close();
  }
});
