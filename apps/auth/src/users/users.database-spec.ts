import { describe, expect, it, vi } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { migratedDatabase } from '../testing/migrated-database.fixture.js';
import { UsersRepository } from './users.repository.js';

const auth = AuthApp.forFile();

it('a password is not changed for an account that has got the e-mail of the caller', async () => {
  const mine = await auth.register('mine@example.com');
  await auth.register('theirs@example.com');
  const { access_token: token } = await auth.login('mine@example.com');
  const users = auth.get(UsersRepository);
  const me = (await users.findById(mine.body.id))!;
  // Read in the moment before the e-mail moved to the other account.
  const find = vi.spyOn(users, 'findById').mockResolvedValueOnce({
    ...me,
    email: 'theirs@example.com',
  });
  const body = { currentPassword: PASSWORD, newPassword: 'another passphrase of mine' };
  const answer = await auth.call('PUT', '/auth/password', { token, body });
  find.mockRestore();
  expect([answer.status, answer.body.code]).toEqual([401, 'invalid_credentials']);
  await auth.login('theirs@example.com');
});

describe('registration', () => {
  it('creates a user with the role user', async () => {
    const { status, body } = await auth.register('Ada@Example.com');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      email: 'Ada@Example.com',
      roles: ['user'],
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
  });

  it('takes an e-mail once, without regard to case', async () => {
    await auth.register('once@example.com');
    const again = await auth.register('ONCE@example.COM');
    expect(again).toMatchObject({ status: 409, body: { code: 'email_taken' } });
  });

  it('takes an e-mail once from simultaneous requests', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => auth.register('race@example.com')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('does not take the roles that it is given', async () => {
    const body = { email: 'eve@example.com', password: PASSWORD, roles: ['admin'] };
    const answer = await auth.call<{ roles: string[] }>('POST', '/auth/register', { body });
    expect(answer.body.roles).toEqual(['user']);
  });

  it.each([
    ['no body', undefined, ['']],
    ['nothing', {}, ['email', 'password']],
    ['a list', [], ['']],
    ['an invalid e-mail', { email: 'ada', password: PASSWORD }, ['email']],
    ['an e-mail with NUL', { email: 'a\u0000@example.com', password: PASSWORD }, ['email']],
    [
      'an e-mail that is too long',
      { email: `${'a'.repeat(250)}@example.com`, password: PASSWORD },
      ['email'],
    ],
    ['an e-mail of another type', { email: ['a@b.example'], password: PASSWORD }, ['email']],
    ['a short password', { email: 'short@example.com', password: 'short' }, ['password']],
    ['a common password', { email: 'a@example.com', password: 'password1234' }, ['password']],
  ])('refuses %s', async (_, body, paths) => {
    const answer = await auth.call('POST', '/auth/register', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.errors?.map(({ path }) => path)).toEqual(paths);
  });

  it('is recorded with the user and the address', async () => {
    const { body } = await auth.register('audited@example.com');
    const [event] = await auth.dataSource.query<object[]>(
      `SELECT actor, address, request_id, detail FROM audit_events
       WHERE action = 'user.registered' AND subject = $1`,
      [body.id],
    );
    expect(event).toEqual({
      actor: body.id,
      address: '127.0.0.1',
      request_id: expect.any(String) as string,
      detail: {},
    });
  });
});

describe('me', () => {
  it('is the user of the token', async () => {
    const { body: registered } = await auth.register('Me@example.com');
    const { access_token: token } = await auth.login('me@EXAMPLE.com');
    const { status, body } = await auth.call('GET', '/auth/me', { token });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: registered.id,
      email: 'Me@example.com',
      roles: ['user'],
      scope: 'orders:read orders:write account',
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      emailVerified: false,
    });
  });
});

// Each app that starts replaces passport's `local` strategy, so earlier apps cannot log in from here on.

describe('closed registration', () => {
  it('refuses registration', async () => {
    const closed = await AuthApp.start({
      DATABASE_URL: auth.databaseUrl,
      REGISTRATION: 'closed',
    });
    expect(await closed.register('late@example.com')).toMatchObject({
      status: 403,
      body: { code: 'registration_closed' },
    });
    await closed.close();
  });
});

describe('demo users', () => {
  it('are added once at the first start, and not changed later', async () => {
    const first = await AuthApp.start({ SEED_DEMO: 'on' });
    const { access_token: token } = await first.login('admin@example.com');
    const { body } = await first.call<{ roles: string[] }>('GET', '/auth/me', { token });
    expect(body.roles).toEqual(['user', 'admin']);
    await first.login('ada@example.com');
    await first.dataSource.query(`UPDATE users SET roles = '{user}'`);
    const environment = { SEED_DEMO: 'on', DATABASE_URL: first.databaseUrl };
    const again = await Promise.all([AuthApp.start(environment), AuthApp.start(environment)]);
    const rows = await first.dataSource.query<object[]>('SELECT roles FROM users');
    expect(rows).toEqual([{ roles: ['user'] }, { roles: ['user'] }]);
    await Promise.all([first, ...again].map((app) => app.close()));
  });

  it('are added once by two processes that start at the same moment', async () => {
    const environment = { SEED_DEMO: 'on', DATABASE_URL: await migratedDatabase() };
    const apps = await Promise.all([AuthApp.start(environment), AuthApp.start(environment)]);
    expect(await apps[0]?.dataSource.query('SELECT FROM users')).toHaveLength(2);
    await Promise.all(apps.map((app) => app.close()));
  });
});
