import { afterEach, describe, expect, it } from 'vitest';

import { MailSender } from '../mail/mail-sender.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { Email } from '../credentials/email.js';
import { ACCOUNT_PAGE, ACCOUNT_PAGE_POLICY } from './account-pages.controller.js';
import { linkToken, takeMail } from './account-mail.fixture.js';

const NEW_PASSWORD = 'another good passphrase';

const { auth, mailbox } = AuthApp.forFileWithMailbox({
  ISSUER: 'https://auth.example.com/id',
});
afterEach(() => auth.clock.reset());

const post = (path: string, body: object, token?: string) =>
  auth.call('POST', `/id/auth/${path}`, { body, ...(token && { token }) });
const outcome = async (answer: ReturnType<typeof post>) => {
  const { status, body } = await answer;
  return status < 300 ? status : body.code;
};
const reset = (token: string, newPassword = NEW_PASSWORD) =>
  outcome(post('password/reset', { token, newPassword }));
const verify = (token: string) => outcome(post('email/verify', { token }));
const confirm = (token: string) => outcome(post('email/change/confirm', { token }));
const tokenOf = (to: string, subject = '') => linkToken(auth, mailbox, to, subject);
const logIn = async (email: string, password = PASSWORD) =>
  (await auth.call<TokenResponse>('POST', '/id/auth/login', { body: { email, password } })).body
    .access_token;
const me = async (token: string) =>
  (await auth.call<{ email: string; emailVerified: boolean }>('GET', '/id/auth/me', { token }))
    .body;

/** A user, and the link that was mailed at the registration. */
async function newUser(email: string) {
  const { id } = (
    await auth.call<{ id: string }>('POST', '/id/auth/register', {
      body: { email, password: PASSWORD },
    })
  ).body;
  return { id, link: await tokenOf(email, 'Verify'), token: await logIn(email) };
}

async function forgotten(email: string, account = email): Promise<string> {
  expect(await post('password/forgot', { email })).toMatchObject({ status: 202, body: {} });
  return tokenOf(account, 'Reset');
}

describe('a link', () => {
  it('verifies the e-mail of a new user', async () => {
    const { link, token } = await newUser('verify@example.com');
    expect(await me(token)).toMatchObject({ emailVerified: false });
    expect(await verify(link)).toBe(204);
    expect(await me(token)).toMatchObject({ emailVerified: true });
  });

  it.each([
    // In the mail, as users read it; the account has the ASCII form of the domain.
    ['Jürgen@Münster.example', 'Jürgen@münster.example'],
    ['用户@example.com', '用户@example.com'],
    [String.raw`"a\"b"@example.com`, String.raw`"a\"b"@example.com`],
  ])('is sent to %s, and verifies it', async (email, recipient) => {
    const body = { email: email.normalize('NFD'), password: PASSWORD };
    await auth.call('POST', '/id/auth/register', { body });
    expect(await verify(await tokenOf(recipient, 'Verify'))).toBe(204);
    const token = await logIn(` ${email.toUpperCase()} `);
    expect(await me(token)).toMatchObject({ email: Email.parse(email), emailVerified: true });
  });

  it('leads to a page of the issuer, with the token where no server sees it', async () => {
    await post('password/forgot', { email: 'verify@example.com' });
    const { text } = await takeMail(auth, mailbox, 'verify@example.com', 'Reset');
    expect(text).toMatch(/^https:\/\/auth\.example\.com\/id\/account\/reset-password#token=/m);
  });

  it('is not in the database, and in no log', async () => {
    const { link } = await newUser('stored@example.com');
    const tables = ['account_links', 'outgoing_mails', 'audit_events'];
    for (const table of tables) {
      const rows = await auth.dataSource.query<object[]>(`SELECT t::text FROM ${table} t`);
      expect(JSON.stringify(rows)).not.toContain(link);
    }
    expect(auth.log.join()).not.toContain(link);
  });

  it.each(['-', 'x'.repeat(43), 'é'.repeat(400)])('that is %j is refused', async (token) => {
    expect(await verify(token)).toBe('link_invalid');
    expect(await reset(token)).toBe('link_invalid');
    expect(await confirm(token)).toBe('link_invalid');
  });

  it.each([[undefined], [''], [7], ['x'.repeat(513)], ['NUL \0'], ['\ud800']])(
    'that is %j is bad input',
    async (token) => {
      expect(await outcome(post('email/verify', { token }))).toBe('invalid_input');
    },
  );

  it('works once, also when it is used at the same moment', async () => {
    await newUser('once@example.com');
    const link = await forgotten('once@example.com');
    const outcomes = await Promise.all([1, 2, 3].map(() => reset(link)));
    expect(outcomes.sort()).toEqual([204, 'link_invalid', 'link_invalid']);
    expect(await reset(link)).toBe('link_invalid');
  });

  it('is for one purpose', async () => {
    const { link } = await newUser('purpose@example.com');
    expect(await reset(link)).toBe('link_invalid');
    expect(await confirm(link)).toBe('link_invalid');
    expect(await verify(await forgotten('purpose@example.com'))).toBe('link_invalid');
    expect(await verify(link)).toBe(204);
  });

  it('works for 30 minutes', async () => {
    await newUser('late@example.com');
    const link = await forgotten('late@example.com');
    auth.clock.advance(29 * 60_000);
    expect(await reset(link, 'short')).toBe('invalid_input');
    auth.clock.advance(61_000);
    expect(await reset(link)).toBe('link_invalid');
  });

  it('ends when a newer one is sent', async () => {
    const { link, token } = await newUser('newer@example.com');
    expect((await post('email/verify/resend', {}, token)).status).toBe(202);
    const newer = await tokenOf('newer@example.com', 'Verify');
    expect(await verify(link)).toBe('link_invalid');
    expect(await verify(newer)).toBe(204);
    await post('email/verify/resend', {}, token);
    expect(mailbox.mails.filter(({ to }) => to[0] === 'newer@example.com')).toEqual([]);
  });

  it('of a user who was disabled is refused, and none is sent', async () => {
    const { id } = await newUser('disabled@example.com');
    const link = await forgotten('disabled@example.com');
    await auth.dataSource.query('UPDATE users SET is_disabled = true WHERE id = $1', [id]);
    expect(await reset(link)).toBe('link_invalid');
    await post('password/forgot', { email: 'disabled@example.com' });
    await nothingWaits();
    expect(mailbox.mails.filter(({ to }) => to[0] === 'disabled@example.com')).toEqual([]);
  });
});

async function nothingWaits(): Promise<void> {
  await auth.get(MailSender).sendDue();
  const rows = () => auth.dataSource.query<object[]>('SELECT FROM outgoing_mails');
  await expect.poll(rows).toEqual([]);
}

describe('a forgotten password', () => {
  it('is replaced, which ends all sessions and the other links, and sends the user a mail', async () => {
    const { id, link, token } = await newUser('Forgot@example.com');
    const recovery = await forgotten('forgot@EXAMPLE.com', 'Forgot@example.com');
    expect(await reset(recovery)).toBe(204);
    expect((await auth.call('GET', '/id/auth/me', { token })).body.code).toBe('token_revoked');
    expect(await logIn('forgot@example.com')).toBeUndefined();
    const newToken = await logIn('forgot@example.com', NEW_PASSWORD);
    // Who reads the mail has shown that by the reset.
    expect(await me(newToken)).toMatchObject({ emailVerified: true });
    expect(await verify(link)).toBe('link_invalid');
    await takeMail(auth, mailbox, 'Forgot@example.com', 'Your password was changed');
    const events = await auth.dataSource.query<object[]>(
      `SELECT actor FROM audit_events WHERE action = 'user.password_reset' AND subject = $1`,
      [id],
    );
    expect(events).toEqual([{ actor: id }]);
  });

  it('keeps its link when the new one is refused', async () => {
    await newUser('weak@example.com');
    const link = await forgotten('weak@example.com');
    expect(await reset(link, 'password1234')).toBe('invalid_input');
    expect(await reset(link)).toBe(204);
  });

  it('that is changed meanwhile ends the link', async () => {
    const { token } = await newUser('meanwhile@example.com');
    const link = await forgotten('meanwhile@example.com');
    const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    expect((await auth.call('PUT', '/id/auth/password', { token, body })).status).toBe(204);
    expect(await reset(link)).toBe('link_invalid');
  });

  it('of an unknown e-mail gets the same answer, and no mail', async () => {
    const answer = await post('password/forgot', { email: 'nobody@example.com' });
    expect(answer).toMatchObject({ status: 202, body: {} });
    await nothingWaits();
    expect(mailbox.mails.filter(({ to }) => to[0] === 'nobody@example.com')).toEqual([]);
  });
});

describe('the limits', () => {
  // threat:mail-flood
  it('send one address a few mails, from any network, and do not say so', async () => {
    auth.clock.advance(3_600_000);
    await newUser('flooded@example.com');
    const from = (n: number) => ({ 'x-forwarded-for': `198.51.100.${n}` });
    for (let n = 0; n < 6; n += 1) {
      const body = { email: 'flooded@example.com' };
      const headers = from(n);
      expect((await auth.call('POST', '/id/auth/password/forgot', { body, headers })).status).toBe(
        202,
      );
    }
    await nothingWaits();
    const mails = mailbox.mails.filter(({ to }) => to[0] === 'flooded@example.com');
    expect(mails.length).toBeGreaterThanOrEqual(3);
    expect(mails.length).toBeLessThan(6);
  });

  it('pause a network that asks for many', async () => {
    const ask = (n: number) => outcome(post('password/forgot', { email: `n${n}@example.com` }));
    const outcomes = [];
    for (let n = 0; n < 33; n += 1) outcomes.push(await ask(n));
    expect(outcomes.slice(0, 20).every((each) => each === 202)).toBe(true);
    expect(outcomes.at(-1)).toBe('too_many_attempts');
  });
});

describe('the pages', () => {
  it.each(['verify-email', 'reset-password', 'confirm-email', 'restore-account'])(
    'have one for %s',
    async (page) => {
      const { status, headers } = await raw(`/id/account/${page}`);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-security-policy': ACCOUNT_PAGE_POLICY,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
    },
  );

  it('have no others, and run only what is theirs', async () => {
    expect((await auth.call('GET', '/id/account/other')).status).toBe(404);
    expect(ACCOUNT_PAGE.match(/<script>/g)).toHaveLength(1);
    expect(ACCOUNT_PAGE_POLICY).toMatch(/script-src 'sha256-[\w+/]{43}='; /);
  });
});

async function raw(path: string) {
  const response = await fetch(`${await listening()}${path}`);
  await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers) };
}

let address: Promise<string> | undefined;
const listening = () => (address ??= auth.listen());
