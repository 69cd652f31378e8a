import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

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

let auth: AuthApp;
let elsewhere: AuthApp;
beforeAll(async () => {
  elsewhere = await AuthApp.start();
  // Last: passport, which is one for the whole process, checks passwords by the app that came last.
  auth = await AuthApp.start({ DATABASE_URL: elsewhere.databaseUrl, TRUST_PROXY: '1' });
});
afterAll(async () => {
  await elsewhere.close();
  await auth.close();
});

const refused = (code: string, status = 401) => ({ status, body: { code } });
const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
const wrongCode = (secret: string): string => {
  const right = [-2, -1, 0, 1, 2].map((ago) => codeFor(auth, secret, ago));
  return ['111111', '222222', '333333', '444444', '555555', '666666'].find(
    (code) => !right.includes(code),
  ) as string;
};
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

/** Adds a factor when a password has been found right, and nothing follows from it yet. */
async function addMeanwhile<T>(token: string, work: () => Promise<T>): Promise<T> {
  const login = auth.get(CredentialsService);
  const authenticate = login.authenticate.bind(login);
  const spy = vi.spyOn(login, 'authenticate').mockImplementationOnce(async (...call) => {
    const user = await authenticate(...call);
    await addApp(auth, token);
    return user;
  });
  const result = await work();
  spy.mockRestore();
  return result;
}

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

/** Makes each call when the one before waits for its user, then lets all go on in this order. */
async function inTurn<T>(userId: string, calls: readonly (() => Promise<T>)[]): Promise<T[]> {
  const answers: Promise<T>[] = [];
  await auth.dataSource.transaction(async (manager) => {
    await manager.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
    for (const call of calls) {
      answers.push(call());
      await expect.poll(waitingForLock).toBe(answers.length);
    }
  });
  return Promise.all(answers);
}

const waitingForLock = async (): Promise<number> =>
  (
    await auth.dataSource.query<object[]>(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
  ).length;

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

  // threat:code-guessing
  it('dies with five wrong guesses, which is in the audit log', async () => {
    const { email, userId, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    const code = wrongCode(secret);
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await secondStep(auth, { ticket, code })).toMatchObject(refused('invalid_code'));
    }
    const right = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
    expect(right).toMatchObject(refused('ticket_invalid'));
    const refusal = { actor: null, address: '127.0.0.1', detail: { guesses: 5 } };
    expect(await refusals(userId)).toEqual([refusal]);
  });

  it('that a right guess uses up has not died of a wrong one at the same moment', async () => {
    const { email, userId, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    const code = wrongCode(secret);
    for (let guess = 0; guess < 3; guess += 1) await secondStep(auth, { ticket, code });
    const answers = await inTurn(userId, [
      () => secondStep(auth, { ticket, code: codeFor(auth, secret) }),
      () => secondStep(auth, { ticket, code }),
    ]);
    expect(answers).toMatchObject([{ status: 200 }, refused('invalid_code')]);
    expect(await refusals(userId)).toEqual([]);
  });

  it('dies once when its last two guesses are made at the same moment', async () => {
    const { email, userId, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    const code = wrongCode(secret);
    const guess = () => secondStep(auth, { ticket, code });
    for (let count = 0; count < 3; count += 1) await guess();
    const answers = await inTurn(userId, [guess, guess]);
    expect(answers).toMatchObject([refused('invalid_code'), refused('invalid_code')]);
    expect(await refusals(userId)).toHaveLength(1);
  });

  it('has five guesses when all are made at once', async () => {
    const { email, secret } = await enrolled(auth);
    const ticket = await ticketFor(auth, email);
    const code = wrongCode(secret);
    await Promise.all(Array.from({ length: 8 }, () => secondStep(auth, { ticket, code })));
    const [{ most } = { most: 0 }] = await auth.dataSource.query<{ most: number }[]>(
      'SELECT max(guesses) AS most FROM login_tickets',
    );
    expect(most).toBeLessThanOrEqual(5);
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

describe('guesses', () => {
  // However slow the machine is, no pause ends.
  beforeEach(() => auth.clock.stop());
  afterEach(() => auth.clock.reset());

  it('are limited for an account, over all its tickets', async () => {
    const { email, secret } = await enrolled(auth);
    const code = wrongCode(secret);
    const headers = { 'x-forwarded-for': '203.0.113.5' };
    const codes: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const ticket = await ticketFor(auth, email);
      for (let guess = 0; guess < 4; guess += 1) {
        codes.push((await secondStep(auth, { ticket, code }, headers)).body.code);
      }
    }
    expect(codes.slice(0, 5)).toEqual(Array<string>(5).fill('invalid_code'));
    expect(codes).toContain('too_many_attempts');
    // From where the user has logged in before, the right code gets in all the same.
    const ticket = await ticketFor(auth, email);
    expect((await secondStep(auth, { ticket, code: codeFor(auth, secret) })).status).toBe(200);
  });

  it('at a step-up count as well', async () => {
    const { token, secret } = await enrolled(auth);
    const body = { code: wrongCode(secret) };
    const headers = { 'x-forwarded-for': '203.0.113.6' };
    const codes: string[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      codes.push((await auth.call('POST', '/auth/step-up', { token, body, headers })).body.code);
    }
    expect(codes[0]).toBe('invalid_code');
    expect(codes).toContain('too_many_attempts');
  });

  it('of someone who only knows the password do not make their network a known one', async () => {
    const { email, userId, secret } = await enrolled(auth);
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const body = { email, password: PASSWORD };
    await auth.call('POST', '/auth/login', { body, headers });
    const known = () =>
      auth.dataSource.query<object[]>(
        'SELECT FROM known_networks WHERE user_id = $1 AND network = $2',
        [userId, '203.0.113.7'],
      );
    expect(await known()).toHaveLength(0);
    const ticket = await ticketFor(auth, email);
    expect((await secondStep(auth, { ticket, code: codeFor(auth, secret) }, headers)).status).toBe(
      200,
    );
    expect(await known()).toHaveLength(1);
  });
});

describe('a step-up with a second factor', () => {
  it('raises a session that has none to mfa, also with the password beside it', async () => {
    const { email, userId, secret, recoveryCodes } = await enrolled(auth);
    // From before the user had a factor.
    const ticket = await ticketFor(auth, email);
    const login = await secondStep(auth, { ticket, recoveryCode: recoveryCodes[0] });
    const { access_token: token, refresh_token: refresh } = login.body;
    await auth.dataSource.query(
      `UPDATE sessions SET amr = '{pwd}', authenticated_at = now() - interval '1 hour' WHERE id = $1`,
      [said(token).sid],
    );
    const { body: old } = await auth.refresh(refresh);
    expect(said(old.access_token).acr).toBe('pwd');
    const body = { code: codeFor(auth, secret), password: PASSWORD };
    const path = '/auth/step-up';
    const raised = await auth.call<{ access_token: string }>('POST', path, {
      token: old.access_token,
      body,
    });
    const claims = { acr: 'mfa', amr: ['pwd', 'otp', 'mfa'] };
    const { auth_time: time } = said(raised.body.access_token);
    expect(said(raised.body.access_token)).toMatchObject(claims);
    expect(time - said(old.access_token).auth_time).toBeGreaterThan(3_500);
    const next = said((await auth.refresh(old.refresh_token)).body.access_token);
    expect(next).toMatchObject({ ...claims, auth_time: time });
    // The factor alone does as well, and the password does not.
    await forgetCodes(auth, userId);
    const alone = (proof: object) =>
      auth.call<{ access_token: string }>('POST', path, {
        ...{ token: old.access_token, body: proof },
      });
    expect(said((await alone({ code: body.code })).body.access_token)).toMatchObject(claims);
    expect(await alone({ password: PASSWORD })).toMatchObject(
      refused('insufficient_user_authentication'),
    );
    // Used up by that.
    const again = await auth.call('POST', path, { token: old.access_token, body });
    expect(again).toMatchObject(refused('invalid_code'));
    await forgetCodes(auth, userId);
    const wrong = { ...body, password: 'not the password' };
    expect(await auth.call('POST', path, { token: old.access_token, body: wrong })).toMatchObject(
      refused('invalid_credentials'),
    );
  });

  it('is refused to a user without one', async () => {
    await auth.register('plain@example.com');
    const { access_token: token } = await auth.login('plain@example.com');
    const answer = await auth.call('POST', '/auth/step-up', { token, body: { code: '123456' } });
    expect(answer).toMatchObject(refused('invalid_code'));
  });
});

describe('guesses from networks that are new to the account', () => {
  beforeEach(() => auth.clock.stop());
  afterEach(() => auth.clock.reset());

  // threat:code-guessing
  it('share one count, however many networks take part, and lock out no known one', async () => {
    const { token, secret } = await enrolled(auth);
    const stepUp = async (code: string, headers = {}) =>
      (await auth.call('POST', '/auth/step-up', { token, body: { code }, headers })).body.code;
    const codes: string[] = [];
    for (let guess = 0; guess < 30; guess += 1) {
      codes.push(await stepUp(wrongCode(secret), { 'x-forwarded-for': `203.0.113.${guess}` }));
    }
    expect(codes.slice(0, 25)).toEqual(Array<string>(25).fill('invalid_code'));
    expect(codes.slice(26)).toEqual(Array<string>(4).fill('too_many_attempts'));
    expect(await stepUp(codeFor(auth, secret))).toBeUndefined();
  });
});
