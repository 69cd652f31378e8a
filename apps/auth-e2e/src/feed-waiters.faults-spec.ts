import { call, type Answer, freePort } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scrape } from './exposition.js';
import { decode, newSession } from './users.js';
import { queryAt, Stack } from './stack.js';

const WAITERS = 500;

interface Page extends Record<string, unknown> {
  cursor: string;
  reset: boolean;
  more: boolean;
  entries: { kind: string; id: string }[];
}

let stack: Stack;
let metrics: string;
beforeAll(async () => {
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}`;
  stack = await Stack.start({ env: { AUTH_METRICS_PORT: String(port) } });
});
afterAll(() => stack?.stop());

const read = (query = ''): Promise<Answer<Page>> => call(`${stack.auth()}/revocations${query}`);
const waiting = async () => (await scrape(metrics)).value('revocation_feed_waiting_reads');

/** How many transactions Postgres has seen in the database of auth. Asked from another one. */
async function transactions(): Promise<number> {
  const database = new URL(stack.database);
  const [row] = await queryAt<{ count: string }>(
    new URL('/postgres', database).href,
    `SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = $1`,
    [database.pathname.slice(1)],
  );
  return Number(row?.count);
}

describe(`${WAITERS} services that wait at one auth process`, () => {
  it('cost no query each: neither while they wait, nor when a revocation wakes all of them', async () => {
    const { access_token: token } = await newSession(stack.auth());
    const { sid } = decode(token).payload;
    const { cursor } = (await read()).body;
    const query = `?wait=25&after=${encodeURIComponent(cursor)}`;
    const answers = Promise.all(Array.from({ length: WAITERS }, () => read(query)));
    // And the list of auth itself.
    await expect.poll(waiting).toBe(WAITERS + 1);

    const before = { count: await transactions(), atMs: performance.now() };
    await call(`${stack.auth()}/auth/logout`, { method: 'POST', token });
    const pages = await answers;
    expect(new Set(pages.map(({ body }) => JSON.stringify(body.entries))).size).toBe(1);
    expect(pages[0]?.body).toMatchObject({ reset: false, entries: [{ kind: 'sid', id: sid }] });
    // A backend reports its transactions after a second at the latest, if it is not idle.
    const counted = async () => (await transactions()) - before.count;
    await expect.poll(counted).toBeGreaterThan(0);
    await expect.poll(() => performance.now() - before.atMs).toBeGreaterThan(3_000);
    // The logout, the heartbeat and the periodic read of each second, other work of auth, and earlier
    // queries, which Postgres counts late. One query for each waiting client would exceed it.
    expect(await counted()).toBeLessThan(WAITERS);
  });
});

describe('a snapshot', () => {
  it('comes in pages, none larger than promised, with no entry twice', async () => {
    const entries = 25_000;
    await stack.query(
      `INSERT INTO revoked_tokens (kind, id, exp)
       SELECT 'jti', gen_random_uuid(), 2000000000 FROM generate_series(1, $1)`,
      [entries],
    );
    const ids = new Set<string>();
    let page = (await read()).body;
    expect(page.reset).toBe(true);
    for (let sum = page.entries.length; ; sum += page.entries.length) {
      expect(page.entries.length).toBeLessThanOrEqual(10_000);
      for (const { kind, id } of page.entries) ids.add(`${kind} ${id}`);
      expect(ids.size).toBe(sum);
      if (!page.more) break;
      page = (await read(`?after=${encodeURIComponent(page.cursor)}`)).body;
      expect(page.reset).toBe(false);
    }
    // And the session that was ended above.
    expect(ids.size).toBe(entries + 1);
  });
});
