import { once } from 'node:events';
import { connect } from 'node:net';
import { call, outcome } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { login, newEmail, PASSWORD, refresh, register, tryLogin } from './users.js';
import { Stack } from './stack.js';

let stack: Stack;
let auth: string;

beforeAll(async () => {
  stack = await Stack.shared();
  auth = stack.auth();
});

/** Waits until the app waits for a lock, and stays behind it until `release` is called. */
async function lockReferenceTokens() {
  const client = new pg.Client({ connectionString: stack.database });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE reference_tokens IN ACCESS EXCLUSIVE MODE');
  const waiters = async () => {
    const sql = `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await stack.query(sql)).length;
  };
  return { waiters, release: () => client.end() };
}

describe('a caller that hangs up', () => {
  it.each(['/auth/logout', '/auth/logout-everywhere'])(
    'while the token is looked up is logged out by %s all the same',
    async (path) => {
      const email = await register(auth);
      const body = { email, password: PASSWORD, token_format: 'reference' };
      const { access_token: token, refresh_token: refreshToken } = await login(
        auth,
        email,
        PASSWORD,
        { body },
      );
      const lock = await lockReferenceTokens();
      const socket = connect(Number(new URL(auth).port), '127.0.0.1', () => {
        const headers = `host: a\r\nauthorization: Bearer ${token}\r\ncontent-length: 0`;
        socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
      });
      await expect.poll(lock.waiters).toBe(1);
      socket.resetAndDestroy();
      await once(socket, 'close');
      // When the process has answered a later request, it has seen the reset.
      for (let count = 0; count < 3; count += 1) await call(`${auth}/health/live`);
      await lock.release();

      const isEnded = async () => {
        const sql = `SELECT ended_at FROM sessions JOIN users ON users.id = sessions.user_id
          WHERE email = $1`;
        const [session] = await stack.query<{ ended_at: Date | null }>(sql, [email]);
        return session?.ended_at != null;
      };
      await expect.poll(isEnded).toBe(true);
      expect((await refresh(auth, refreshToken)).status).toBe(401);
    },
  );
});

describe('the address of a caller', () => {
  it.each([
    ['198.51.100.8:40001', '198.51.100.8'],
    ['[2001:DB8::8]:443', '2001:db8::8'],
    ['203.0.113.1, ::ffff:198.51.100.9', '198.51.100.9'],
    ['7'.repeat(6_000), 'unknown'],
    ["'; DROP TABLE sessions", 'unknown'],
  ])('%s is shown as %s', async (from, ip) => {
    const email = await register(auth);
    const { access_token: token } = await login(auth, email, PASSWORD, { from });
    const sessions = await call<{ ip: string }[]>(`${auth}/auth/sessions`, { token });
    expect(sessions.body.map((session) => session.ip)).toEqual([ip]);
  });

  it('is the same address with another port at each attempt', async () => {
    const email = newEmail();
    const statuses: number[] = [];
    for (let port = 40_000; port < 40_008; port += 1) {
      const from = `198.51.100.77:${port}`;
      statuses.push((await tryLogin(auth, email, PASSWORD, { from })).status);
    }
    expect(statuses).toContain(429);
  });
});

describe('text', () => {
  it('with a lone surrogate is no password, however it is replaced', async () => {
    const email = newEmail();
    const password = 'three herons \ufffd on the weir';
    const account = { email, password };
    expect((await call(`${auth}/auth/register`, { body: account })).status).toBe(201);
    const alike = { email, password: password.replace('\ufffd', '\ud800') };
    const answer = await call(`${auth}/auth/login`, { body: alike });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_input', errors: [{ path: 'password' }] });
    expect((await call(`${auth}/auth/login`, { body: account })).status).toBe(200);
  });

  it.each([
    ['/auth/login', { email: 'a\0@example.com', password: PASSWORD }],
    ['/auth/refresh', { refresh_token: '\0'.repeat(43) }],
    ['/auth/register', { email: newEmail(), password: `${PASSWORD}\0` }],
  ])('with NUL is refused by %s', async (path, body) => {
    expect(outcome(await call(auth + path, { body }))).toBe('invalid_input');
  });

  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each([
    'grant_type=refresh_token&refresh_token=a%00b',
    'grant_type=refresh_token&refresh_token=a%ED%A0%80b',
    'grant_type=client_credentials&client_id=%00&client_secret=x',
    'grant_type=client_credentials&%00=1',
    'grant_type=client_credentials&scope=%E4',
  ])('in the form %s is refused in the form of RFC 6749', async (body) => {
    const answer = await call(`${auth}/oauth/token`, { body, headers: form });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: 'invalid_request' });
  });

  it.each(['%00:secret', 'client:%00', '\0:\0', '\xff:\xff'])(
    'in the credentials %j of a client makes no 500',
    async (credentials) => {
      const authorization = `Basic ${Buffer.from(credentials, 'latin1').toString('base64')}`;
      const answer = await call(`${auth}/oauth/token`, {
        body: 'grant_type=client_credentials',
        headers: { ...form, authorization },
      });
      expect(answer.status).toBe(401);
    },
  );

  it.each(['/auth/login?next=%00', '/auth/sessions/%00', '/health/live?%00=1'])(
    'in the address %s makes no 500',
    async (path) => {
      expect((await call(auth + path)).status).toBe(400);
    },
  );
});
