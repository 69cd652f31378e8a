import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { linkToken } from '../accounts/account-mail.fixture.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { Config } from '../config.js';
import { BreachedPasswords } from './breached-passwords.js';

const STOLEN = 'a passphrase that was stolen';
const FRESH = 'a passphrase of my own';
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
const suffixOf = (password: string) => sha1(password).slice(5);

const LONG_MS = 30_000;

type Answer = (response: ServerResponse) => void;

/** As the list answers for the stolen password: with padding, and CRLF between the lines. */
const listed: Answer = (response) =>
  response.end(
    [`${'0'.repeat(35)}:3`, `${suffixOf(STOLEN)}:12`, `${'F'.repeat(35)}:0`].join('\r\n'),
  );

let answer = listed;
const requests: IncomingMessage[] = [];
const sockets = new Set<unknown>();
const list = createServer((request, response) => {
  requests.push(request);
  sockets.add(request.socket);
  answer(response);
});

let mailbox: Mailbox;
let auth: AuthApp;
beforeAll(async () => {
  list.keepAliveTimeout = 300_000;
  await new Promise<void>((resolve) => list.listen(0, '127.0.0.1', resolve));
  ({ auth, mailbox } = await AuthApp.startWithMailbox({
    BREACHED_PASSWORDS_URL: `http://127.0.0.1:${(list.address() as AddressInfo).port}/range/`,
    SEED_DEMO: 'on',
  }));
  // However busy the machine is.
  auth.get(BreachedPasswords).timeoutMs = LONG_MS;
});
afterAll(async () => {
  await auth.close();
  list.closeAllConnections();
  await new Promise((resolve) => list.close(resolve));
});
beforeEach(() => requests.splice(0));
afterEach(() => {
  answer = listed;
  auth.get(BreachedPasswords).timeoutMs = LONG_MS;
});

const refusalAt = (path: string) => ({
  status: 400,
  body: {
    code: 'invalid_input',
    errors: [{ path, message: 'is in a list of passwords that were stolen elsewhere' }],
  },
});
const outcomes = () => ({ ...auth.get(BreachedPasswords).outcomes });
const register = (password: string) => {
  const email = `user-${(count += 1)}@example.com`;
  return auth.call('POST', '/auth/register', { body: { email, password } });
};
let count = 0;

describe('a breached password', () => {
  it('cannot be registered, and no account comes of it', async () => {
    expect(await register(STOLEN)).toMatchObject(refusalAt('password'));
    const rows = await auth.dataSource.query<object[]>('SELECT FROM users WHERE email = $1', [
      `user-${count}@example.com`,
    ]);
    expect(rows).toEqual([]);
    expect((await register(FRESH)).status).toBe(201);
  });

  it('cannot be changed to', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    const body = { currentPassword: PASSWORD, newPassword: STOLEN };
    expect(await auth.call('PUT', '/auth/password', { token, body })).toMatchObject(
      refusalAt('newPassword'),
    );
    await auth.login('ada@example.com');
  });

  it('cannot be reset to, and the link still works', async () => {
    await register(FRESH);
    const email = `user-${count}@example.com`;
    await auth.call('POST', '/auth/password/forgot', { body: { email } });
    const token = await linkToken(auth, mailbox, email, 'Reset');
    const reset = (newPassword: string) =>
      auth.call('POST', '/auth/password/reset', { body: { token, newPassword } });
    expect(await reset(STOLEN)).toMatchObject(refusalAt('newPassword'));
    expect((await reset('another passphrase of my own')).status).toBe(204);
  });

  it('cannot be given by an administrator', async () => {
    const { access_token: token } = await auth.login('admin@example.com');
    const body = { email: 'made@example.com', password: STOLEN };
    expect(await auth.call('POST', '/admin/users', { token, body })).toMatchObject(
      refusalAt('password'),
    );
    await register(FRESH);
    const rows = await auth.dataSource.query<{ id: string }[]>(
      'SELECT id FROM users WHERE email = $1',
      [`user-${count}@example.com`],
    );
    const path = `/admin/users/${rows[0]?.id}/password`;
    expect(await auth.call('PUT', path, { token, body: { password: STOLEN } })).toMatchObject(
      refusalAt('password'),
    );
    expect((await auth.call('PUT', path, { token, body: {} })).status).toBe(200);
  });
});

// threat:breached-passwords
describe('the check', () => {
  it('sends the first five digits of the hash, and nothing else of the password or its user', async () => {
    await register(STOLEN);
    const [request] = requests as [IncomingMessage];
    expect(request.url).toBe(`/range/${sha1(STOLEN).slice(0, 5)}`);
    expect(request.headers['add-padding']).toBe('true');
    const text = JSON.stringify([request.url, request.rawHeaders]).toUpperCase();
    for (const secret of [suffixOf(STOLEN), STOLEN.toUpperCase(), `USER-${count}`]) {
      expect(text).not.toContain(secret);
    }
  });

  it('uses a connection again', async () => {
    sockets.clear();
    for (let n = 0; n < 3; n += 1) await register(FRESH);
    expect(requests).toHaveLength(3);
    expect(sockets.size).toBe(1);
  });

  it('is of the password as it is stored: one form for what looks the same', async () => {
    await register(STOLEN.replace('a', 'ａ'));
    expect(requests[0]?.url).toBe(`/range/${sha1(STOLEN).slice(0, 5)}`);
  });

  it('takes an entry with the count 0 for padding', async () => {
    answer = (response) => response.end(`${suffixOf(STOLEN)}:0`);
    expect((await register(STOLEN)).status).toBe(201);
  });

  it('is not made for a password that is refused anyhow', async () => {
    expect((await register('too short')).status).toBe(400);
    expect(requests).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['is away', (response) => response.destroy()],
    ['answers 500', (response) => response.writeHead(500).end(`${suffixOf(STOLEN)}:12`)],
    ['answers 429', (response) => response.writeHead(429).end()],
    ['leads elsewhere', (response) => response.writeHead(302, { location: '/range/x' }).end()],
    ['answers a page', (response) => response.end('<html>welcome to the hotel</html>')],
    ['answers too much', (response) => response.end(`${suffixOf(STOLEN)}:12\r\n`.repeat(30_000))],
  ])('lets a password pass when the list %s, and counts that', async (_, wrong) => {
    answer = wrong;
    const { unavailable } = outcomes();
    expect((await register(STOLEN)).status).toBe(201);
    expect(outcomes().unavailable).toBe(unavailable + 1);
  });

  it.each<[string, Answer]>([
    ['never answers', () => undefined],
    ['never ends', (response) => response.write('A')],
  ])('waits a second at most for a list that %s', async (_, wrong) => {
    expect(new BreachedPasswords(auth.get(Config)).timeoutMs).toBe(1_000);
    auth.get(BreachedPasswords).timeoutMs = 100;
    answer = wrong;
    const { unavailable } = outcomes();
    expect((await register(STOLEN)).status).toBe(201);
    expect(outcomes().unavailable).toBe(unavailable + 1);
  });

  it('follows the list to no other address', async () => {
    answer = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
    await register(FRESH);
    expect(requests).toHaveLength(1);
  });

  it('is counted, by what it led to', async () => {
    const before = outcomes();
    await register(STOLEN);
    await register(FRESH);
    expect(outcomes()).toEqual({
      ...before,
      breached: before.breached + 1,
      clean: before.clean + 1,
    });
  });

  it('of many passwords at once takes a bounded number of connections', async () => {
    const waiting: ServerResponse[] = [];
    answer = (response) => void waiting.push(response);
    const breached = auth.get(BreachedPasswords);
    const { unavailable } = outcomes();
    const checks = Array.from({ length: 60 }, (_, n) => breached.refuse(`${FRESH} ${n}`, ''));
    expect(outcomes().unavailable).toBe(unavailable);
    await Promise.race(checks);
    expect(requests.length).toBeLessThanOrEqual(50);
    answer = (response) => response.end();
    waiting.forEach((response) => response.end());
    await Promise.all(checks);
    expect(outcomes().unavailable).toBeGreaterThanOrEqual(unavailable + 10);
  });
});

it('is off by default', async () => {
  const other = await AuthApp.start({ DATABASE_URL: auth.databaseUrl });
  try {
    expect((await other.register('off@example.com', STOLEN)).status).toBe(201);
    expect(requests).toEqual([]);
  } finally {
    await other.close();
  }
});
