import { call, outcome, startApp, type RunningApp, DEMO } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, newEmail, PASSWORD, tryLogin } from './users.js';
import { queryAt, Stack, within } from './stack.js';

/** Why auth does not start with these settings. */
async function startError(env: Record<string, string>): Promise<string> {
  let app: RunningApp;
  try {
    app = await startApp('auth', { env });
  } catch (error) {
    return String(error);
  }
  await app.stop();
  throw new Error('auth has started');
}

describe('a start with wrong settings', () => {
  it('lists every one of them, and repeats no value', async () => {
    const wrong = {
      DATABASE_URL: 'mysql://root:hunter2@localhost/auth',
      ISSUER: 'ftp://example.com',
      ACCESS_TOKEN_TTL: '25h',
      REFRESH_RETRY_WINDOW: 'ten seconds',
      KEY_ENCRYPTION_KEY: 'c2hvcnQ=',
      REGISTRATION: 'maybe',
      LOG_LEVEL: 'loud',
    };
    const message = await startError(wrong);
    expect(message).toContain('exit code 1');
    for (const [variable, value] of Object.entries(wrong)) {
      expect(message).toContain(variable);
      expect(message).not.toContain(value);
    }
  });

  it('names the settings that production requires and refuses', async () => {
    const message = await startError({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://localhost/auth',
      ISSUER: 'http://auth.example.com',
      SEED_DEMO: 'true',
    });
    for (const variable of ['KEY_ENCRYPTION_KEY', 'ISSUER', 'SEED_DEMO']) {
      expect(message).toContain(variable);
    }
  });
});

describe('processes that start at once on an empty database', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start({ processes: 2, env: { REGISTRATION: 'closed' } });
  });
  afterAll(() => stack?.stop());

  it('agree on one set of keys and one set of demo users', async () => {
    const [here, there] = [stack.auth(0), stack.auth(1)];
    const jwks = async (auth: string) => (await call(`${auth}/.well-known/jwks.json`)).body;
    expect(await jwks(here)).toEqual(await jwks(there));
    const users = await stack.query('SELECT email, roles FROM users ORDER BY email');
    expect(users).toEqual([
      { email: 'ada@example.com', roles: ['user'] },
      { email: 'admin@example.com', roles: ['user', 'admin'] },
    ]);
    for (const auth of [here, there]) await login(auth, DEMO.ada.email, DEMO.password);
  });

  it('change nothing when they start again, not even a password that was changed', async () => {
    const { access_token: token } = await login(stack.auth(), DEMO.ada.email, DEMO.password);
    const body = { currentPassword: DEMO.password, newPassword: PASSWORD };
    await call(`${stack.auth()}/auth/password`, { method: 'PUT', token, body });
    const rows = () =>
      stack.query(
        `SELECT (SELECT json_agg(u ORDER BY id) FROM users u) AS users,
           (SELECT json_agg(k ORDER BY kid) FROM signing_keys k) AS keys`,
      );
    const before = await rows();

    await stack.restartAll();

    expect(await rows()).toEqual(before);
    expect((await tryLogin(stack.auth(1), 'ada@example.com', PASSWORD)).status).toBe(200);
  });

  it('refuse registrations where they are closed', async () => {
    const answer = await call(`${stack.auth()}/auth/register`, {
      body: { email: newEmail(), password: PASSWORD },
    });
    expect([answer.status, answer.body['code']]).toEqual([403, 'registration_closed']);
    expect(await stack.query('SELECT FROM users')).toHaveLength(2);
  });

  it.each([
    ['/health/live', 200],
    ['/health/ready', 200],
    ['/version', 200],
    ['/docs', 200],
    ['/docs-json', 200],
    ['/nowhere', 404],
    ['/auth', 404],
  ])('answer %s with %i without a token', async (path, status) => {
    const response = await fetch(stack.auth() + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/\S/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    if (status === 404) {
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
    }
    await response.body?.cancel();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'end in order after %s, with someone waiting at the feed',
    async (signal) => {
      const { cursor } = (await call(`${stack.auth(1)}/revocations`)).body;
      const query = `after=${encodeURIComponent(String(cursor))}&wait=25`;
      const waiting = call(`${stack.auth(1)}/revocations?${query}`);
      const settled = waiting.then(outcome, () => 'cut');
      const asked = performance.now();
      // Answered behind the one that waits, so that it has arrived.
      await call(`${stack.auth(1)}/health/live`);
      stack.process(1).kill(signal);
      expect(await stack.process(1).exited).toMatchObject({ code: 0 });
      expect(performance.now() - asked).toBeLessThan(10_000);
      expect(await settled).toBe('ok');
      await stack.restart(1);
    },
  );

  it('finish what is in flight before they end', async () => {
    const answers = Array.from({ length: 8 }, () =>
      tryLogin(stack.auth(1), newEmail(), 'not the password'),
    );
    await Promise.race(answers);
    stack.process(1).kill('SIGTERM');
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual(Array(8).fill(401));
    expect(await stack.process(1).exited).toMatchObject({ code: 0 });
    await stack.restart(1);
  });

  it('are ready only with a database, and say so', async () => {
    const database = new URL(stack.database);
    const name = database.pathname.slice(1);
    const administer = (sql: string) => queryAt(new URL('/postgres', database).href, sql);
    const ready = async () => {
      const { status, body } = await call(`${stack.auth()}/health/ready`);
      return status === 200 ? 'ready' : `${status} ${JSON.stringify(body)}`;
    };
    await administer(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    try {
      await administer(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
      );
      await expect.poll(ready, within(10)).toMatch(/^503 .*database/);
      expect((await call(`${stack.auth()}/health/live`)).status).toBe(200);
    } finally {
      await administer(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
    }
    await expect.poll(ready, within(20)).toBe('ready');
    await login(stack.auth(), DEMO.admin.email, DEMO.password);
  });
});
