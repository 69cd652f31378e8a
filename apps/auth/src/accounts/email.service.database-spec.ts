import type { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailSender } from '../mail/mail-sender.js';
import { hashSecret, newSecret } from '../secret.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { linkToken } from './account-mail.fixture.js';

let mailbox: Mailbox;
let auth: AuthApp;
beforeAll(async () => {
  ({ auth, mailbox } = await AuthApp.startWithMailbox());
});
afterAll(() => auth.close());
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
