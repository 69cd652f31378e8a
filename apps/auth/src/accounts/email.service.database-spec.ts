import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailContents } from '../mail/mail-contents.js';
import { MailSender } from '../mail/mail-sender.js';
import { OutgoingMail } from '../mail/outgoing-mail.entity.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import { SessionEndService } from '../sessions/session-end.service.js';
import type { SessionList, TokenResponse } from '../sessions/sessions.schema.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { linkToken, takeMail } from './account-mail.fixture.js';

const NEW_PASSWORD = 'another good passphrase';

const { auth, mailbox } = AuthApp.forFileWithMailbox();
afterEach(() => auth.clock.reset());

const post = (path: string, body: object, token?: string) =>
  auth.call('POST', `/auth/${path}`, { body, ...(token && { token }) });
const outcome = async (path: string, body: object, token?: string) => {
  const answer = await post(path, body, token);
  return answer.status < 300 ? answer.status : answer.body.code;
};
const change = (newEmail: string, token: string) => outcome('email/change', { newEmail }, token);
const resend = (token: string) => outcome('email/verify/resend', {}, token);

/** A user, and the link that was mailed at the registration. */
async function newUser(email: string) {
  const { id } = (await auth.register(email)).body;
  const link = await linkToken(auth, mailbox, email, 'Verify');
  const { access_token: token, refresh_token: refreshToken } = await auth.login(email);
  return { id, link, token, refreshToken };
}

/** What was delivered to an address, when nothing waits any more. */
async function subjectsTo(email: string): Promise<readonly string[]> {
  await auth.get(MailSender).sendDue();
  const waiting = () => auth.dataSource.query<object[]>('SELECT FROM outgoing_mails');
  await expect.poll(waiting).toEqual([]);
  return mailbox.mails.filter(({ to }) => to[0] === email).map(({ subject }) => subject);
}

describe('mails that a user asks for', () => {
  // However slow the machine is, no pause ends.
  beforeEach(() => auth.clock.stop());

  it('are so many in an hour, to whichever addresses', async () => {
    const { token } = await newUser('asks@example.com');
    const outcomes = [];
    for (let n = 0; n < 33; n += 1) outcomes.push(await change(`asked${n}@example.com`, token));
    expect(outcomes.slice(0, 30)).toEqual(Array<number>(30).fill(202));
    expect(outcomes.at(-1)).toBe('too_many_attempts');
    const { token: other } = await newUser('asks-too@example.com');
    expect(await change('asked@example.com', other)).toBe(202);
  });

  // threat:mail-flood
  it.each([
    ['a change to it', 'Confirm', change],
    ['its verification', 'Verify', (_: string, token: string) => resend(token)],
  ] as const)('are few to one address: by requests for %s', async (_, subject, request) => {
    const email = `${subject.toLowerCase()}@example.com`;
    const { token } = await newUser(email);
    for (let n = 0; n < 6; n += 1) expect(await request(email, token)).toBe(202);
    const subjects = await subjectsTo(email);
    expect(subjects.every((each) => each.includes(subject))).toBe(true);
    expect(subjects.length).toBeGreaterThanOrEqual(3);
    expect(subjects.length).toBeLessThan(6);
  });
});

describe('an e-mail', () => {
  it('is changed after a recent login only', async () => {
    const { id, refreshToken } = await newUser('old-login@example.com');
    await auth.dataSource.query(
      `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = $1`,
      [id],
    );
    const { access_token: old } = (await auth.refresh(refreshToken)).body;
    expect(await post('email/change', { newEmail: 'x@example.com' }, old)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('max_age="900"') as string },
      body: { code: 'insufficient_user_authentication' },
    });
  });

  it('that the account no longer has makes a link to it useless', async () => {
    const { id, token } = await newUser('before@example.com');
    await change('after@example.com', token);
    const confirm = { token: await linkToken(auth, mailbox, 'after@example.com', 'Confirm') };
    expect(await outcome('email/change/confirm', confirm)).toBe(204);
    // As it is when the mail is completed in the moment of the change.
    const reset = async (email: string) => {
      const body = { token: newSecret(), newPassword: `${PASSWORD}, too` };
      await auth.dataSource.query(
        `INSERT INTO account_links (user_id, purpose, hash, email, expires_at)
         VALUES ($1, 'reset-password', $2, $3, now() + interval '1 minute')
         ON CONFLICT (user_id, purpose) DO UPDATE SET hash = excluded.hash, email = excluded.email`,
        [id, hashSecret(body.token), email],
      );
      return outcome('password/reset', body);
    };
    expect(await reset('before@example.com')).toBe('link_invalid');
    expect(await reset('after@example.com')).toBe(204);
  });

  it('that was verified meanwhile gets no link for that', async () => {
    const { link, token } = await newUser('verified@example.com');
    // A mail that is tried gets a new link, which ends the one before.
    const sender = vi.spyOn(auth.get(MailSender), 'sendDue').mockResolvedValue();
    expect(await resend(token)).toBe(202);
    expect(await outcome('email/verify', { token: link })).toBe(204);
    sender.mockRestore();
    expect(await subjectsTo('verified@example.com')).toEqual([]);
  });
});

describe('a change of the e-mail', () => {
  const confirm = (token: string) => outcome('email/change/confirm', { token });
  const reset = (token: string) => outcome('password/reset', { token, newPassword: NEW_PASSWORD });
  const tokenOf = (to: string, subject: string) => linkToken(auth, mailbox, to, subject);
  const logIn = async (email: string) =>
    (await auth.call<TokenResponse>('POST', '/auth/login', { body: { email, password: PASSWORD } }))
      .body.access_token;
  const me = async (token: string) => (await auth.call<object>('GET', '/auth/me', { token })).body;

  async function forgotten(email: string): Promise<string> {
    expect(await post('password/forgot', { email })).toMatchObject({ status: 202, body: {} });
    return tokenOf(email, 'Reset');
  }

  /** Ends the session of a user that is not the one of the token. */
  async function endOther(token: string) {
    const sessions = (await auth.call<SessionList>('GET', '/auth/sessions', { token })).body;
    const other = sessions.find(({ current }) => !current);
    return auth.call('DELETE', `/auth/sessions/${other?.id}`, { token });
  }

  it('is confirmed at the new one, and the old one gets a mail', async () => {
    const { token } = await newUser('old@example.com');
    const recovery = await forgotten('old@example.com');
    expect(await change('new@example.com', token)).toBe(202);
    const link = await tokenOf('new@example.com', 'Confirm');
    expect(await me(token)).toMatchObject({ email: 'old@example.com' });
    expect(await confirm(link)).toBe(204);
    expect(await me(token)).toMatchObject({ email: 'new@example.com', emailVerified: true });
    await takeMail(auth, mailbox, 'old@example.com', 'was changed');
    expect(await logIn('old@example.com')).toBeUndefined();
    expect(await logIn('NEW@example.com')).toBeDefined();
    // A reader of the old mailbox must not get the account by it.
    expect(await reset(recovery)).toBe('link_invalid');
  });

  it('to one that has an account sends its owner a mail, and the caller learns nothing', async () => {
    await newUser('owner@example.com');
    const { token } = await newUser('wants@example.com');
    expect(await change('Owner@example.com', token)).toBe(202);
    const { subject, text } = await takeMail(auth, mailbox, 'owner@example.com', 'already');
    expect(subject).toBe('You have an account already');
    expect(text).not.toContain('#token=');
  });

  it('to one that gets an account meanwhile is refused', async () => {
    const { token } = await newUser('slow@example.com');
    await change('quick@example.com', token);
    const link = await tokenOf('quick@example.com', 'Confirm');
    await newUser('quick@example.com');
    expect(await confirm(link)).toBe('email_taken');
    expect(await me(token)).toMatchObject({ email: 'slow@example.com' });
  });

  // threat:left-over-links
  it.each([
    [
      'another password',
      (token: string) =>
        auth.call('PUT', '/auth/password', {
          ...{ token, body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD } },
        }),
      204,
    ],
    ['a logout everywhere', (token: string) => post('logout-everywhere', {}, token), 204],
    ['the end of that session', endOther, 204],
    [
      'the reuse of its refresh token',
      async (_token: string, stolen: string) => {
        await post('refresh', { refresh_token: stolen });
        auth.clock.advance(300_000);
        return post('refresh', { refresh_token: stolen });
      },
      401,
    ],
  ])('that a thief asked for ends with %s', async (how, shutOut, status) => {
    const email = `${how.replaceAll(' ', '-')}@example.com`;
    const { token } = await newUser(email);
    const thief = await auth.login(email);
    expect(await change(`thief-of-${email}`, thief.access_token)).toBe(202);
    const link = await tokenOf(`thief-of-${email}`, 'Confirm');
    expect((await shutOut(token, thief.refresh_token)).status).toBe(status);
    expect(await confirm(link)).toBe('link_invalid');
  });

  it('goes on when its user logs out', async () => {
    const { token } = await newUser('leaves@example.com');
    expect(await change('left@example.com', token)).toBe(202);
    const link = await tokenOf('left@example.com', 'Confirm');
    expect((await post('logout', {}, token)).status).toBe(204);
    expect(await confirm(link)).toBe(204);
  });

  it('is refused while the session that asks for it ends', async () => {
    const { id: userId, token } = await newUser('racing@example.com');
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`;
    const { dataSource } = auth;
    const { asked } = await dataSource.transaction(async (manager) => {
      const end = { userId, reason: 'logout_everywhere', actor: userId } as const;
      await auth.get(SessionEndService).endAllSessions(manager, end);
      const request = post('email/change', { newEmail: 'thief@example.com' }, token);
      // The guard has let it in: the revocation is not committed.
      await expect.poll(() => dataSource.query<object[]>(waiting)).toHaveLength(1);
      return { asked: request };
    });
    expect(await asked).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
    expect(await dataSource.manager.countBy(OutgoingMail, { userId })).toBe(0);
  });

  it('that still waits for the mail server ends with a reset, and sends no link', async () => {
    const { token } = await newUser('queued@example.com');
    const recovery = await forgotten('queued@example.com');
    mailbox.refusal = Object.assign(new Error('later'), { responseCode: 451 });
    await change('thief-of-queued@example.com', token);
    const { manager } = auth.dataSource;
    const recipient = 'thief-of-queued@example.com';
    const waiting = await manager.findOneByOrFail(OutgoingMail, { recipient });
    // An attempt that is still under way may be accepted later.
    await auth.get(MailSender).sendDue();
    const isRefused = () =>
      auth.log.some((line) => line.includes('Could not send') && line.includes(waiting.id));
    await expect.poll(isRefused).toBe(true);
    expect(await reset(recovery)).toBe(204);
    // As a process that has begun to send it before.
    expect(await auth.get(MailContents).of(waiting)).toBeUndefined();
    mailbox.refusal = undefined;
    auth.clock.advance(3_600_000);
    expect(await subjectsTo(recipient)).toEqual([]);
  });

  it('needs a token with the scope account', async () => {
    expect(await outcome('email/change', { newEmail: 'x@example.com' })).toBe('token_missing');
  });
});
