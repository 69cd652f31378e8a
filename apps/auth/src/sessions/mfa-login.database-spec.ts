import { describe, expect, it, vi } from 'vitest';

import {
  addApp,
  codeFor,
  enrolled,
  forgetCodes,
  said,
  secondStep,
  ticketFor,
} from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { CredentialsService } from '../users/credentials.service.js';
import type { MfaDemand } from './login.schema.js';

const elsewhere = AuthApp.forFile();
// Last: passport, which is one for the whole process, checks passwords by the app that came last.
const auth = AuthApp.forFile(() => ({ DATABASE_URL: elsewhere.databaseUrl }));

const refused = (code: string, status = 401) => ({ status, body: { code } });
const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
const sessionsOf = async (userId: string): Promise<number> =>
  (await auth.dataSource.query<object[]>('SELECT FROM sessions WHERE user_id = $1', [userId]))
    .length;

const refusals = (userId: string) =>
  auth.dataSource.query<object[]>(
    `SELECT actor, address, detail FROM audit_events
     WHERE action = 'session.second_factor_refused' AND subject = $1`,
    [userId],
  );

describe('a login with a second factor', () => {
  it('gets a ticket for the password, and tokens for the factor', async () => {
    const { email, userId, secret } = await enrolled(auth);
    const before = await sessionsOf(userId);
    const body = { email, password: PASSWORD };
    const first = await auth.call<MfaDemand>('POST', '/auth/login', { body });
    expect(first).toMatchObject({
      status: 200,
      body: { mfa: { methods: ['totp', 'recovery-code'], expiresIn: 300 } },
      headers: { 'cache-control': 'no-store' },
    });
    expect(Object.keys(first.body)).toEqual(['mfa']);
    expect(await sessionsOf(userId)).toBe(before);
    const { ticket } = first.body.mfa;
    expect(ticket).toMatch(/^[\w-]{43}$/);
    const login = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
    expect(login).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer' },
      headers: { 'cache-control': 'no-store' },
    });
    const claims = { sub: userId, amr: ['pwd', 'otp', 'mfa'], acr: 'mfa' };
    expect(said(login.body.access_token)).toMatchObject(claims);
    const next = await auth.refresh(login.body.refresh_token);
    expect(said(next.body.access_token)).toMatchObject(claims);
  });

  it('asks for what the first step asked for', async () => {
    const { email, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email, { scope: 'account', token_format: 'reference' });
    const login = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
    expect(login.body).toMatchObject({ scope: 'account' });
    expect(login.body.access_token).not.toContain('.');
  });

  it('has the refresh token in its body for any page, which needs no cookie', async () => {
    const { email, secret } = await enrolled(auth);
    const body = { ticket: await ticketFor(auth, email), code: codeFor(auth, secret) };
    const login = await secondStep(auth, body, foreign);
    expect(login.body).toHaveProperty('refresh_token');
  });

  it('keeps the refresh token in a cookie, for our own pages', async () => {
    const { email, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email, { delivery: 'cookie' });
    const body = { ticket, code: codeFor(auth, secret) };
    expect(await secondStep(auth, body, foreign)).toMatchObject(refused('cross_site_request', 403));
    const login = await secondStep(auth, body, { 'sec-fetch-site': 'same-origin' });
    expect(login.status).toBe(200);
    expect(login.body).not.toHaveProperty('refresh_token');
    expect(login.headers['set-cookie']).toMatch(/^refresh_token=[\w-]{43};/);
  });
});

/** Changes something when a password has been found right, and nothing follows from it yet. */
async function meanwhile<T>(change: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  const login = auth.get(CredentialsService);
  const authenticate = login.authenticate.bind(login);
  const spy = vi.spyOn(login, 'authenticate').mockImplementationOnce(async (...call) => {
    const user = await authenticate(...call);
    await change();
    return user;
  });
  const result = await work();
  spy.mockRestore();
  return result;
}

const addMeanwhile = <T>(token: string, work: () => Promise<T>): Promise<T> =>
  meanwhile(() => addApp(auth, token), work);

describe('a user who adds a factor at the moment of', () => {
  it('a login is asked for it', async () => {
    await auth.register('meanwhile-1@example.com');
    const { access_token: token } = await auth.login('meanwhile-1@example.com');
    const body = { email: 'meanwhile-1@example.com', password: PASSWORD };
    const answer = await addMeanwhile(token, () => auth.call('POST', '/auth/login', { body }));
    expect(answer).toMatchObject(refused('invalid_credentials'));
  });

  it('a step-up is asked for it', async () => {
    await auth.register('meanwhile-2@example.com');
    const { access_token: token } = await auth.login('meanwhile-2@example.com');
    const stepUp = () =>
      auth.call('POST', '/auth/step-up', { token, body: { password: PASSWORD } });
    expect(await addMeanwhile(token, stepUp)).toMatchObject(refused('invalid_credentials'));
  });
});

it.each([
  ['is removed', 'DELETE FROM users WHERE id = $1'],
  ['is disabled', 'UPDATE users SET is_disabled = true WHERE id = $1'],
  ['gets another password', 'UPDATE users SET password_changed_at = now() WHERE id = $1'],
])('a user who %s during the first step gets no ticket', async (_, sql) => {
  const { email, userId } = await enrolled(auth);
  const change = () => auth.dataSource.query(sql, [userId]);
  const body = { email, password: PASSWORD };
  const answer = await meanwhile(change, () => auth.call('POST', '/auth/login', { body }));
  expect(answer).toMatchObject(refused('invalid_credentials'));
});

describe('a ticket', () => {
  it('is refused when it is replayed', async () => {
    const { email, userId, secret, recoveryCodes } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    expect((await secondStep(auth, { ticket, code: codeFor(auth, secret) })).status).toBe(200);
    await forgetCodes(auth, userId);
    const again = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
    expect(again).toMatchObject(refused('ticket_invalid'));
    expect(again.headers['www-authenticate']).toBe('Bearer');
    const other = await secondStep(auth, { ticket, recoveryCode: recoveryCodes[0] });
    expect(other).toMatchObject(refused('ticket_invalid'));
  });

  it('starts one session when it is used twice at the same moment, at two processes', async () => {
    const { email, userId, secret, recoveryCodes } = await enrolled(auth);
    const before = await sessionsOf(userId);
    const ticket = await ticketFor(auth, email);
    const answers = await Promise.all([
      secondStep(auth, { ticket, code: codeFor(auth, secret) }),
      secondStep(elsewhere, { ticket, recoveryCode: recoveryCodes[0] }),
      secondStep(elsewhere, { ticket, recoveryCode: recoveryCodes[1] }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect(await sessionsOf(userId)).toBe(before + 1);
    expect(await refusals(userId)).toEqual([]);
    // Who was refused has lost no code.
    const [{ left } = { left: 0 }] = await auth.dataSource.query<{ left: number }[]>(
      'SELECT count(*)::int AS left FROM recovery_codes WHERE user_id = $1',
      [userId],
    );
    expect(left).toBeGreaterThanOrEqual(9);
  });

  it('of another user does not take my code', async () => {
    const [ada, bob] = [await enrolled(auth), await enrolled(auth)];
    const ticket = await ticketFor(auth, ada.email);
    const answer = await secondStep(auth, { ticket, code: codeFor(auth, bob.secret) });
    expect(answer).toMatchObject(refused('invalid_code'));
    const recoveryCode = bob.recoveryCodes[0];
    expect(await secondStep(auth, { ticket, recoveryCode })).toMatchObject(refused('invalid_code'));
  });

  it.each<[string, string]>([
    [
      'five minutes later',
      `UPDATE login_tickets SET expires_at = now() - interval '1 s' WHERE user_id = $1`,
    ],
    [
      'after the password was changed',
      `UPDATE users SET password_changed_at = now() WHERE id = $1`,
    ],
    ['when the user was disabled', `UPDATE users SET is_disabled = true WHERE id = $1`],
    ['when the user was deleted', `DELETE FROM users WHERE id = $1`],
  ])('is refused %s', async (_, sql) => {
    const { email, userId, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    await auth.dataSource.query(sql, [userId]);
    const answer = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
    expect(answer).toMatchObject(refused('ticket_invalid'));
  });

  it.each<[string, object]>([
    ['no factor', {}],
    ['two factors', { code: '123456', recoveryCode: 'abc' }],
    ['a code that is none', { code: '12' }],
    ['a number', { code: 123456 }],
    ['an empty recovery code', { recoveryCode: '' }],
    ['a huge recovery code', { recoveryCode: 'a'.repeat(65) }],
  ])('with %s is bad input, and no guess', async (_, body) => {
    const answer = await secondStep(auth, { ticket: 'x', ...body });
    expect(answer).toMatchObject(refused('invalid_input', 400));
  });

  it.each(['x', 'a'.repeat(512)])('%j is none', async (ticket) => {
    const answer = await secondStep(auth, { ticket, code: '123456' });
    expect(answer).toMatchObject(refused('ticket_invalid'));
  });
});

describe('a code', () => {
  // threat:code-replay
  it('works once, also in two logins at the same moment, at two processes', async () => {
    const { email, secret } = await enrolled(auth);
    const [first, second] = [await ticketFor(auth, email), await ticketFor(elsewhere, email)];
    const code = codeFor(auth, secret);
    const answers = await Promise.all([
      secondStep(auth, { ticket: first, code }),
      secondStep(elsewhere, { ticket: second, code }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const third = await ticketFor(auth, email);
    expect(await secondStep(auth, { ticket: third, code })).toMatchObject(refused('invalid_code'));
  });

  it('that added the factor does not log in', async () => {
    const email = 'first-code@example.com';
    await auth.register(email);
    const { access_token: token } = await auth.login(email);
    const { code } = await addApp(auth, token);
    const ticket = await ticketFor(auth, email);
    expect(await secondStep(auth, { ticket, code })).toMatchObject(refused('invalid_code'));
  });
});
