import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { addApp } from '../factors/authenticator.fixture.js';
import type { PasskeyOptions } from '../factors/passkey.schema.js';
import { SoftPasskey } from '../factors/soft-passkey.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { linkToken, takeMail } from './account-mail.fixture.js';

const NEW_PASSWORD = 'another good passphrase';
const ISSUER = 'http://localhost:3000';

const { auth, mailbox } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on', ISSUER });

const ask = async (id: string, body: unknown, app = auth) => {
  const { access_token: token } = await app.login('admin@example.com');
  const answer = await app.call('POST', `/admin/users/${id}/password/reset`, { token, body });
  return answer.status < 300 ? answer.status : answer.body.code;
};
const logIn = async (email: string, password = PASSWORD) =>
  (await auth.call('POST', '/auth/login', { body: { email, password } })).status;
const tokenOf = (email: string) => linkToken(auth, mailbox, email, 'Set a new password');
const reset = async (token: string) =>
  (await auth.call('POST', '/auth/password/reset', { body: { token, newPassword: NEW_PASSWORD } }))
    .status;
const actionsOn = (id: string) =>
  auth.dataSource.query<object[]>(
    `SELECT action FROM audit_events WHERE subject = $1 AND action LIKE 'user.password%'`,
    [id],
  );

describe('a reset by the owner of the e-mail', () => {
  const call = <Body>(path: string, body: object, token?: string) =>
    auth.call<Body>('POST', `/auth/${path}`, { body, ...(token && { token }) });
  const options = async (path: string, token?: string) =>
    (await call<PasskeyOptions>(`${path}/options`, {}, token)).body;
  async function resetForgotten(email: string): Promise<number> {
    await call('password/forgot', { email });
    return reset(await linkToken(auth, mailbox, email, 'Reset'));
  }
  const isAskedForFactor = async (email: string) => {
    const login = await call<object>('login', { email, password: NEW_PASSWORD });
    expect(login.status).toBe(200);
    return 'mfa' in login.body;
  };

  const networksOf = (email: string) =>
    auth.dataSource.query<object[]>(
      'SELECT network FROM known_networks JOIN users ON id = user_id WHERE email = $1',
      [email],
    );

  // threat:account-pre-hijacking
  it('locks out someone else who registered it, and who has added a passkey', async () => {
    const email = 'hijacked@example.com';
    await auth.register(email);
    const { access_token: token } = await auth.login(email);
    const passkey = new SoftPasskey(ISSUER);
    const created = passkey.create(await options('factors/passkeys', token));
    expect((await call('factors/passkeys', { passkey: created }, token)).status).toBe(201);
    expect(await resetForgotten(email)).toBe(204);
    expect(await networksOf(email)).toEqual([]);
    const assertion = passkey.get(await options('login/passkey'));
    expect((await call('login/passkey', { passkey: assertion })).status).toBe(401);
    expect(await isAskedForFactor(email)).toBe(false);
    await takeMail(auth, mailbox, email, 'factors were removed');
  });

  it.each([
    [
      'who verified it',
      async (email: string) => {
        await auth.register(email);
        const token = await linkToken(auth, mailbox, email, 'Verify');
        return call('email/verify', { token });
      },
    ],
    [
      'whom an administrator has added',
      async (email: string) => {
        const { access_token: token } = await auth.login('admin@example.com');
        const body = { email, password: PASSWORD };
        return auth.call('POST', '/admin/users', { token, body });
      },
    ],
  ])('keeps the factors of a user %s', async (who, add) => {
    const email = `${who.replaceAll(' ', '-')}@example.com`;
    expect((await add(email)).status).toBeLessThan(300);
    await addApp(auth, (await auth.login(email)).access_token);
    // A thief may have logged in from another one.
    await auth.dataSource.query(
      `INSERT INTO known_networks (user_id, network, last_login_at)
       SELECT id, '203.0.113.66', now() FROM users WHERE email = $1`,
      [email],
    );
    expect(await networksOf(email)).toHaveLength(2);
    expect(await resetForgotten(email)).toBe(204);
    expect(await networksOf(email)).toEqual([{ network: '127.0.0.1' }]);
    expect(await isAskedForFactor(email)).toBe(true);
  });
});

describe('an administrator', () => {
  it('mails a user a link for a new password, and the present one works until then', async () => {
    const email = 'mailed@example.com';
    const { id } = (await auth.register(email)).body;
    const { access_token: token } = await auth.login(email);
    expect(await ask(id.toUpperCase(), undefined)).toBe(202);
    const link = await tokenOf(email);
    expect((await auth.call('GET', '/auth/me', { token })).status).toBe(200);
    expect(await logIn(email)).toBe(200);
    expect(await reset(link)).toBe(204);
    expect(await logIn(email, NEW_PASSWORD)).toBe(200);
    expect(await actionsOn(id)).toEqual([
      { action: 'user.password_reset_sent' },
      { action: 'user.password_reset' },
    ]);
  });

  it('requires a new password: the present one and all sessions end at once', async () => {
    const email = 'required@example.com';
    const { id } = (await auth.register(email)).body;
    const { access_token: token, refresh_token } = await auth.login(email);
    expect(await ask(id, { required: true })).toBe(202);
    expect((await auth.call('GET', '/auth/me', { token })).body.code).toBe('token_revoked');
    expect((await auth.refresh(refresh_token)).status).toBe(401);
    expect(await logIn(email)).toBe(401);
    expect(await reset(await tokenOf(email))).toBe(204);
    expect(await logIn(email, NEW_PASSWORD)).toBe(200);
    expect(await actionsOn(id)).toContainEqual({ action: 'user.password_required' });
  });

  // threat:left-over-links
  it.each([
    ['requires a new password', 'POST', 'password/reset', { required: true }, 202],
    ['sets one', 'PUT', 'password', { password: NEW_PASSWORD }, 204],
    ['ends all sessions', 'DELETE', 'sessions', undefined, 204],
  ] as const)('who %s ends the change of the e-mail that a thief asked for', async (...row) => {
    const [how, method, path, body, status] = row;
    const email = `${how.replaceAll(' ', '-')}@example.com`;
    const { id } = (await auth.register(email)).body;
    const { access_token: thief } = await auth.login(email);
    const newEmail = `thief-of-${email}`;
    await auth.call('POST', '/auth/email/change', { token: thief, body: { newEmail } });
    const link = await linkToken(auth, mailbox, newEmail, 'Confirm');
    const { access_token: token } = await auth.login('admin@example.com');
    const answer = await auth.call(method, `/admin/users/${id}/${path}`, { token, body });
    expect(answer.status).toBe(status);
    const confirmed = await auth.call('POST', '/auth/email/change/confirm', {
      body: { token: link },
    });
    expect(confirmed.body.code).toBe('link_invalid');
  });

  it('who replaces a password causes a mail, which does not say from where', async () => {
    const email = 'told@example.com';
    const { id } = (await auth.register(email)).body;
    const { access_token: token } = await auth.login('admin@example.com');
    const body = { password: NEW_PASSWORD };
    await auth.call('PUT', `/admin/users/${id}/password`, { token, body });
    const { text, html } = await takeMail(auth, mailbox, email, 'replaced');
    for (const content of [text, html]) {
      expect(content).toContain(email);
      expect(content).not.toContain('127.0.0.1');
      expect(content).not.toContain(NEW_PASSWORD);
    }
  });

  it('may not do that to the own account, a disabled user, or nobody', async () => {
    const { access_token: token } = await auth.login('admin@example.com');
    const { id: own } = (await auth.call<{ id: string }>('GET', '/auth/me', { token })).body;
    expect(await ask(own, { required: true })).toBe('conflict');
    expect(await logIn('admin@example.com')).toBe(200);
    const { id } = (await auth.register('off@example.com')).body;
    await auth.dataSource.query('UPDATE users SET is_disabled = true WHERE id = $1', [id]);
    expect(await ask(id, { required: true })).toBe('conflict');
    expect(await ask(randomUUID(), {})).toBe('not_found');
    expect(await ask('nobody', {})).toBe('not_found');
    expect(await ask(id, { required: 'yes' })).toBe('invalid_input');
    expect(await ask(id, { requierd: true })).toBe('invalid_input');
  });

  // The last one: passport logs in with the latest app of the process, which is closed then.
  it('gets a clear answer where no mail is sent, and nothing has changed', async () => {
    const withoutMail = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
    try {
      const { id } = (await withoutMail.register('no-mail@example.com')).body;
      expect(await ask(id, { required: true }, withoutMail)).toBe('mail_unavailable');
      await withoutMail.login('no-mail@example.com');
    } finally {
      await withoutMail.close();
    }
  });
});
