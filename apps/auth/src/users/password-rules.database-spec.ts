import type { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { linkToken } from '../accounts/account-mail.fixture.js';
import { AuthApp, PASSWORD, type Answer, type ProblemBody } from '../testing/auth-app.fixture.js';
import { isMadeOf, wordsIn } from './password-rules.js';

const WORDS = [
  ...wordsIn('ada.lovelace@mail.example.com'),
  ...wordsIn('Initech, Project Blue-Sky'),
];

describe('a password', () => {
  it.each([
    'ada.lovelace-2026',
    'Lovelace12345',
    'INITECH-initech-1!',
    'blue sky project',
    'x-initech-2026-x',
    'lovelaceexample',
    'ada12ada34ada56',
    'ada-initech-20261127',
    'initech-12345-abc',
  ])('is made of the words of its context: %s', (password) => {
    expect(isMadeOf(password, WORDS)).toBe(true);
  });

  it.each([
    'correct horse battery staple',
    'ada likes green tea in the morning',
    'initech has seven red staplers',
    '482910473829',
    'ada-583920174629-7719',
    'initech-8fk2-19xqz',
    '🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎',
    'пароль из двенадцати',
    'k7x-92q-b41-zz0',
  ])('may have them in it, or none: %s', (password) => {
    expect(isMadeOf(password, WORDS)).toBe(false);
  });

  it('has no words of one or two letters, which are in any text', () => {
    expect(wordsIn('a.b@x1.io')).toEqual([]);
    expect(isMadeOf('123456789012a', wordsIn('a@b.io'))).toBe(false);
  });
});

describe('auth', () => {
  let mailbox: Mailbox;
  let auth: AuthApp;
  let admin: string;
  beforeAll(async () => {
    const PASSWORD_WORDS = 'Initech, Project Blue';
    ({ auth, mailbox } = await AuthApp.startWithMailbox({ SEED_DEMO: 'on', PASSWORD_WORDS }));
    ({ access_token: admin } = await auth.login('admin@example.com'));
  });
  afterAll(() => auth.close());

  const faultOf = ({ status, body }: Answer<ProblemBody>) =>
    status < 300 ? status : (body.errors ?? []).map(({ path }) => path).join();
  const call = async (...request: Parameters<AuthApp['call']>) =>
    faultOf(await auth.call<ProblemBody>(...request));
  const ofWords = (email: string) => `${email.split('@')[0]}-Initech-2026`;

  it('registers nobody with one', async () => {
    const email = 'registered@example.com';
    const body = { email, password: ofWords(email) };
    expect(await call('POST', '/auth/register', { body })).toBe('password');
    expect(await call('POST', '/auth/register', { body: { email, password: PASSWORD } })).toBe(201);
  });

  it('takes none at a change, and the present one stays', async () => {
    const email = 'changing@example.com';
    await auth.register(email);
    const { access_token: token } = await auth.login(email);
    const body = { currentPassword: PASSWORD, newPassword: ofWords(email) };
    expect(await call('PUT', '/auth/password', { token, body })).toBe('newPassword');
    await auth.login(email);
  });

  it('takes none at a reset, and the link can be used again', async () => {
    const email = 'resetting@example.com';
    await auth.register(email);
    await auth.call('POST', '/auth/password/forgot', { body: { email } });
    const token = await linkToken(auth, mailbox, email, 'Reset');
    const reset = (newPassword: string) =>
      call('POST', '/auth/password/reset', { body: { token, newPassword } });
    expect(await reset(ofWords(email))).toBe('newPassword');
    expect(await reset('quite another passphrase')).toBe(204);
  });

  it('takes none of an administrator', async () => {
    const email = 'administered@example.com';
    const body = { email, password: ofWords(email) };
    expect(await call('POST', '/admin/users', { token: admin, body })).toBe('password');
    const { id } = (await auth.register(email)).body;
    const path = `/admin/users/${id}/password`;
    expect(await call('PUT', path, { token: admin, body: { password: body.password } })).toBe(
      'password',
    );
    expect(await call('PUT', path, { token: admin, body: {} })).toBe(200);
  });
});
