import { call, outcome, type Answer } from '@jwt-auth/dev-stack';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newEmail, newSession, PASSWORD, refresh, tryLogin, type TokenResponse } from './users.js';
import { queryAt, Stack, within } from './stack.js';

let stack: Stack;
let databases: string[];
let session: TokenResponse & { email: string };

beforeAll(async () => {
  stack = await Stack.start({ processes: 2, withOrders: true });
  databases = [stack.database, stack.ordersDatabase];
});
afterAll(() => stack?.stop());

/** At both databases, with any settings. */
async function administer(sql: (database: string) => string): Promise<void> {
  for (const url of databases) {
    const name = new URL(url).pathname.slice(1);
    await queryAt(new URL('/postgres', url).href, sql(name));
  }
}
const set = (setting: string) => administer((name) => `ALTER DATABASE "${name}" SET ${setting}`);
const endConnections = () =>
  administer(
    (name) => `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  );

afterEach(async () => {
  await administer((name) => `ALTER DATABASE "${name}" RESET ALL`);
  await endConnections();
  await expect.poll(readiness, within(10)).toEqual([200, 200, 200]);
});

async function readiness(): Promise<number[]> {
  const urls = [stack.auth(0), stack.auth(1), stack.orders];
  const answers = await Promise.all(urls.map((url) => call(`${url}/health/ready`)));
  return answers.map(({ status }) => status);
}

const ORDER = { currency: 'EUR', items: [{ sku: 'tea', quantity: 1, unitPrice: 250 }] };

/** What needs a database, once each. */
function everything(): Promise<Answer>[] {
  const { access_token: token, refresh_token, email } = session;
  const [here, there] = [stack.auth(0), stack.auth(1)];
  return [
    tryLogin(here, email),
    refresh(there, refresh_token),
    call(`${here}/oauth/revoke`, {
      body: 'token=unknown',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
    call(`${there}/auth/sessions`, { token }),
    call(`${there}/auth/register`, { body: { email: newEmail(), password: PASSWORD } }),
    call(`${stack.orders}/orders`, { token, body: ORDER }),
    call(`${stack.orders}/orders`, { token }),
  ];
}

/** An answer that is right while the database is away. */
function expectUnavailable({ status, headers, body }: Answer): void {
  expect([status, body['code'] ?? body['error']]).toEqual([
    503,
    expect.stringMatching(/^(database|temporarily)_unavailable$/),
  ]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(JSON.stringify(body)).not.toMatch(/select|insert|update|relation|transaction/i);
}

describe('a database that turned read-only', () => {
  it('is 503, and in use again within two seconds, with no connection left behind', async () => {
    session = await newSession(stack.auth());
    // Every connection of the pools is open, and then turns read-only.
    await Promise.all(Array.from({ length: 5 }, everything).flat());
    await set('default_transaction_read_only = on');
    await endConnections();
    await expect.poll(readiness, within(2)).toEqual([503, 503, 503]);
    const [signIn, , , , registration, order] = await Promise.all(everything());
    for (const answer of [signIn, registration, order]) expectUnavailable(answer!);

    await administer((name) => `ALTER DATABASE "${name}" RESET default_transaction_read_only`);
    await expect.poll(readiness, within(2)).toEqual([200, 200, 200]);
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, n) => tryLogin(stack.auth(n % 2), session.email)),
    );
    expect(answers.map(outcome)).toEqual(Array(15).fill('ok'));
    const orders = Array.from({ length: 15 }, () =>
      call(`${stack.orders}/orders`, { token: session.access_token, body: ORDER }),
    );
    expect((await Promise.all(orders)).map(outcome)).toEqual(Array(15).fill('ok'));
  });
});

describe('connections that die at any moment', () => {
  it.each([
    ['ended by an administrator', () => endConnections()],
    ['closed when unused for a moment', () => set(`idle_session_timeout = '5ms'`)],
  ])('%s get 503 at most, and nothing is lost', async (_how, strike) => {
    session = await newSession(stack.auth());
    await strike();
    await endConnections();
    const answers: Answer[] = [];
    const struck = { isOver: false };
    const striking = (async () => {
      while (!struck.isOver) await strike();
    })();
    for (let round = 0; round < 12; round += 1) answers.push(...(await Promise.all(everything())));
    struck.isOver = true;
    await striking;
    for (const answer of answers) if (outcome(answer) !== 'ok') expectUnavailable(answer);
  });
});

describe('a lock that is held for too long', () => {
  it.each([
    ['login_limits', () => tryLogin(stack.auth(), session.email)],
    ['sessions', () => refresh(stack.auth(), session.refresh_token)],
    ['users', () => call(`${stack.auth()}/auth/me`, { token: session.access_token })],
  ])('on %s is 503', async (table, request) => {
    session = await newSession(stack.auth());
    await set(`lock_timeout = '100ms'`);
    await endConnections();
    await expect.poll(readiness, within(10)).toEqual([200, 200, 200]);
    await stack.holding(`LOCK TABLE ${table}`, async () => expectUnavailable(await request()));
    expect(outcome(await request())).toBe('ok');
  });
});

it('other formats, time zones, isolation and schemas change nothing', async () => {
  session = await newSession(stack.auth());
  for (const setting of [
    `DateStyle = 'German, DMY'`,
    `TimeZone = 'Asia/Kolkata'`,
    `IntervalStyle = 'sql_standard'`,
    `default_transaction_isolation = 'serializable'`,
    `search_path = 'nowhere'`,
  ]) {
    await set(setting);
  }
  await endConnections();
  await expect.poll(readiness, within(10)).toEqual([200, 200, 200]);
  for (const auth of [stack.auth(0), stack.auth(1)]) {
    const { body } = await refresh(auth, session.refresh_token);
    session = { ...session, ...body };
    expect(await stack.verdict(session.access_token)).toBe('ok');
  }
  // Many simultaneous calls get one successor, at any isolation level.
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => refresh(stack.auth(n % 2), session.refresh_token)),
  );
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect(answers.map(outcome)).toEqual(Array(12).fill('ok'));
  const listed = await call<{ createdAt: string }[]>(`${stack.auth()}/auth/sessions`, {
    token: session.access_token,
  });
  const createdAt = Date.parse(listed.body.at(-1)?.createdAt ?? '');
  expect(Math.abs(Date.now() - createdAt)).toBeLessThan(60_000);
});
