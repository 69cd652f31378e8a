import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { codeFor, enrolled, secondStep, ticketFor } from '../factors/authenticator.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { AttemptLimiter } from '../users/attempt-limiter.js';

const auth = AuthApp.forFile({ TRUST_PROXY: '1' });

const refused = (code: string) => ({ status: 401, body: { code } });
const wrongCode = (secret: string): string => {
  const right = [-2, -1, 0, 1, 2].map((ago) => codeFor(auth, secret, ago));
  return ['111111', '222222', '333333', '444444', '555555', '666666'].find(
    (code) => !right.includes(code),
  ) as string;
};

const refusals = (userId: string) =>
  auth.dataSource.query<object[]>(
    `SELECT actor, address, detail FROM audit_events
     WHERE action = 'session.second_factor_refused' AND subject = $1`,
    [userId],
  );

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

  it('do not include right factors of a step-up that fails for something else', async () => {
    const { token, secret } = await enrolled(auth);
    const headers = { 'x-forwarded-for': '203.0.113.8' };
    const stepUp = (body: object) => auth.call('POST', '/auth/step-up', { token, body, headers });
    for (let count = 0; count < 8; count += 1) {
      const answer = await stepUp({
        code: codeFor(auth, secret),
        resource: 'https://other.example',
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_target' } });
    }
    expect((await stepUp({ code: codeFor(auth, secret) })).status).toBe(200);
  });

  it('hide no such failure if one cannot be taken back', async () => {
    const { token, secret } = await enrolled(auth);
    const takeBack = vi.spyOn(auth.get(AttemptLimiter), 'takeBack');
    takeBack.mockRejectedValueOnce(new Error('away'));
    const body = { code: codeFor(auth, secret), resource: 'https://other.example' };
    const answer = await auth.call('POST', '/auth/step-up', { token, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_target' } });
    expect(takeBack).toHaveBeenCalledTimes(1);
    takeBack.mockRestore();
  });

  it('are not forgotten by such a failure', async () => {
    const { token, secret } = await enrolled(auth);
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const stepUp = async (body: object) =>
      (await auth.call('POST', '/auth/step-up', { token, body, headers })).body.code;
    const codes: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      await stepUp({ code: codeFor(auth, secret), resource: 'https://other.example' });
      codes.push(await stepUp({ code: wrongCode(secret) }));
    }
    expect(codes.at(-1)).toBe('too_many_attempts');
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
