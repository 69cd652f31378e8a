import { hash } from '@node-rs/argon2';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { TokenResponse } from './sessions.schema.js';
import { AuthApp, PASSWORD, type Answer } from '../testing/auth-app.fixture.js';
import { CredentialsService } from '../users/credentials.service.js';
import { PasswordHasher } from '../users/password-hasher.js';

const auth = AuthApp.forFile({}, { isHashCostReal: true });
let count = 0;

async function newUser(): Promise<string> {
  const email = `login-${(count += 1)}@example.com`;
  await auth.register(email);
  return email;
}

const attempt = <Body = TokenResponse>(body: unknown): Promise<Answer<Body>> =>
  auth.call<Body>('POST', '/auth/login', { body });

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

const NEW_PASSWORD = 'staple battery horse correct';

describe('a login', () => {
  it('gives a token response', async () => {
    const { status, headers, body } = await attempt({ email: await newUser(), password: PASSWORD });
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/) as string,
      refresh_expires_in: 30 * 86_400,
      scope: 'orders:read orders:write account',
    });
  });

  it.each([
    ['orders:read', 'orders:read'],
    ['orders:read admin', 'orders:read'],
    ['admin', ''],
  ])('that asks for %j gets %j, now and at each refresh', async (scope, granted) => {
    const { body } = await attempt({ email: await newUser(), password: PASSWORD, scope });
    expect(body.scope).toBe(granted);
    expect(claimsOf(body.access_token)).toMatchObject({ scope: granted, client_id: 'web' });
    expect((await auth.refresh(body.refresh_token)).body.scope).toBe(granted);
  });

  // threat:account-enumeration
  it('says the same to a wrong password, an unknown e-mail and a disabled user', async () => {
    const [known, disabled] = [await newUser(), await newUser()];
    await auth.dataSource.query('UPDATE users SET is_disabled = true WHERE email = $1', [disabled]);
    const answers = await Promise.all([
      attempt({ email: known, password: 'not the password' }),
      attempt({ email: 'nobody@example.com', password: PASSWORD }),
      attempt({ email: disabled, password: PASSWORD }),
    ]);
    const comparable = answers.map(({ status, body, headers: { ...headers } }) => {
      for (const name of ['x-request-id', 'date'])
        delete (headers as Record<string, unknown>)[name];
      return { status, body, headers };
    });
    expect(comparable[0]).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(comparable[1]).toEqual(comparable[0]);
    expect(comparable[2]).toEqual(comparable[0]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['no password', { email: 'ada@example.com' }],
    ['an empty password', { email: 'ada@example.com', password: '' }],
    ['a password of another type', { email: 'ada@example.com', password: { $ne: '' } }],
    ['an e-mail that is none', { email: 'ada', password: PASSWORD }],
    ['a scope of another type', { email: 'ada@example.com', password: PASSWORD, scope: ['admin'] }],
    ['a scope with a NUL', { email: 'ada@example.com', password: PASSWORD, scope: 'admin\0' }],
  ])('refuses %s as bad input', async (_, body) => {
    expect(await attempt(body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('does not take credentials from the query', async () => {
    const query = new URLSearchParams({ email: await newUser(), password: PASSWORD }).toString();
    const answer = await auth.call('POST', `/auth/login?${query}`, { body: {} });
    expect(answer.status).toBe(400);
  });

  it('hashes a password anew when the parameters have changed', async () => {
    const email = await newUser();
    const weak = await hash(PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 });
    await auth.dataSource.query('UPDATE users SET password_hash = $1 WHERE email = $2', [
      weak,
      email,
    ]);
    await Promise.all([auth.login(email), auth.login(email), auth.login(email)]);
    const [row] = await auth.dataSource.query<{ password_hash: string }[]>(
      'SELECT password_hash FROM users WHERE email = $1',
      [email],
    );
    expect(row?.password_hash).toContain('m=19456,t=2,p=1');
    await auth.login(email);
  });

  it('fails when the user is disabled between the check and the session', async () => {
    const email = await newUser();
    const login = auth.get(CredentialsService);
    const authenticate = login.authenticate.bind(login);
    const spy = vi.spyOn(login, 'authenticate').mockImplementation(async (...call) => {
      const user = await authenticate(...call);
      await auth.dataSource.query('UPDATE users SET is_disabled = true WHERE email = $1', [email]);
      return user;
    });
    const answer = await attempt({ email, password: PASSWORD });
    spy.mockRestore();
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(
      await auth.dataSource.query(
        'SELECT FROM sessions JOIN users ON users.id = user_id WHERE email = $1',
        [email],
      ),
    ).toEqual([]);
  });

  it('fails when the password is changed between the check and the session', async () => {
    const email = await newUser();
    const login = auth.get(CredentialsService);
    const { access_token: token } = await auth.login(email);
    const authenticate = login.authenticate.bind(login);
    const spy = vi.spyOn(login, 'authenticate').mockImplementationOnce(async (...call) => {
      const user = await authenticate(...call);
      const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
      await auth.call('PUT', '/auth/password', { body, token });
      return user;
    });
    const answer = await attempt({ email, password: PASSWORD });
    spy.mockRestore();
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
  });
});

describe('a flood of logins', () => {
  it('is turned away at once while the queue is full, and nobody after it', async () => {
    const hasher = auth.get(PasswordHasher);
    const email = await newUser();
    let open = (): void => undefined;
    const closed = new Promise<void>((resolve) => (open = resolve));
    const queue = Array.from({ length: 66 }, () => hasher.inTurn('127.0.0.1', () => closed));
    const query = vi.spyOn(auth.dataSource, 'query');
    expect(await attempt({ email, password: PASSWORD })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
      body: { code: 'too_many_attempts' },
    });
    const asked = query.mock.calls.map(([statement]) => statement as unknown);
    expect(asked.filter((sql) => /users|login_limits/.test(String(sql)))).toEqual([]);
    query.mockRestore();
    open();
    await Promise.all(queue);
    expect((await attempt({ email, password: PASSWORD })).status).toBe(200);
  });
});

describe('a change of password', () => {
  const change = (token: string, currentPassword: string, newPassword: string) =>
    auth.call('PUT', '/auth/password', { token, body: { currentPassword, newPassword } });

  it('ends all other sessions, and this one goes on', async () => {
    const email = await newUser();
    const [mine, other] = [await auth.login(email), await auth.login(email)];
    expect((await change(mine.access_token, PASSWORD, NEW_PASSWORD)).status).toBe(204);
    await expect
      .poll(() => auth.call('GET', '/auth/me', { token: other.access_token }))
      .toMatchObject({ status: 401 });
    expect((await auth.refresh(other.refresh_token)).status).toBe(401);
    expect((await auth.refresh(mine.refresh_token)).status).toBe(200);
    expect((await attempt({ email, password: PASSWORD })).status).toBe(401);
    expect((await attempt({ email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('needs the present password, and changes nothing without it', async () => {
    const email = await newUser();
    const { access_token: token } = await auth.login(email);
    const answer = await change(token, 'not the password', NEW_PASSWORD);
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    await auth.login(email);
  });

  it('takes no password that could not be chosen', async () => {
    const { access_token: token } = await auth.login(await newUser());
    const answer = await change(token, PASSWORD, 'password1234');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'newPassword' }] } });
  });

  it('is no way around the limits for guessing', async () => {
    const { access_token: token } = await auth.login(await newUser());
    // However slow the machine is, no pause ends.
    auth.clock.stop();
    onTestFinished(() => auth.clock.reset());
    const statuses: number[] = [];
    for (let guess = 0; guess < 8; guess += 1) {
      statuses.push((await change(token, `guess number ${guess}`, NEW_PASSWORD)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429]);
  });

  it('succeeds once when it is asked for twice at once', async () => {
    const email = await newUser();
    const { access_token: token } = await auth.login(email);
    const wanted = ['one new password', 'another new password'];
    const answers = await Promise.all(wanted.map((next) => change(token, PASSWORD, next)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 401]);
    const works = await Promise.all(
      wanted.map(async (password) => (await attempt({ email, password })).status),
    );
    expect(works).toEqual(answers.map(({ status }) => (status === 204 ? 200 : 401)));
  });
});

it('neither a password nor a token nor an e-mail is ever logged', async () => {
  const email = await newUser();
  const { access_token, refresh_token } = await auth.login(email);
  await attempt({ email, password: 'a wrong password' });
  await auth.refresh(refresh_token);
  await auth.call('POST', `/auth/login?email=${email}`, { body: '{"password": "a broken body' });
  const log = auth.log.join('');
  expect(log).toContain('"http.route":"/auth/login"');
  for (const secret of [email, PASSWORD, 'wrong password', 'broken', access_token, refresh_token]) {
    expect(log).not.toContain(secret);
  }
});
