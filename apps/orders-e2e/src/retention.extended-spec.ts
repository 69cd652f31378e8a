import { randomUUID } from 'node:crypto';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOrders } from './orders-service.js';
import { tea } from './tea.js';

const EXPIRED = 2_500;

let issuer: TestIssuer;
let database: pg.Client;
let token: string;
const orders: RunningApp[] = [];

/** Starts one more process on the database. */
async function start(ORDERS_DATABASE_URL: string): Promise<void> {
  orders.push(await startOrders(issuer.issuer, { ORDERS_DATABASE_URL }));
}

beforeAll(async () => {
  issuer = await TestIssuer.start();
  token = issuer.mint({ sub: 'ada', scope: 'orders:read orders:write' });
});
afterAll(async () => {
  await Promise.all(orders.map((app) => app.stop()));
  await database?.end();
  await issuer?.close();
});

/** Places the same order under a key, and returns its id. */
async function place(key: string, process = 0): Promise<unknown> {
  const headers = { 'idempotency-key': key };
  const { status, body } = await call(`${orders[process]?.url}/orders`, {
    token,
    body: tea,
    headers,
  });
  expect(status).toBe(201);
  return body['id'];
}

it('a key is removed a day after its use, soon after a start, and no request waits for it', async () => {
  const url = await freshDatabase();
  await start(url);
  database = new pg.Client({ connectionString: url });
  await database.connect();
  const [fresh, old] = [randomUUID(), randomUUID()];
  const [freshOrder, oldOrder] = [await place(fresh), await place(old)];
  await database.query(
    `UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = $1`,
    [old],
  );
  await database.query(
    `INSERT INTO idempotency_keys (customer_id, key, body_digest, order_id, created_at)
     SELECT 'ada', 'expired ' || n, sha256(''), $1, now() - interval '25 hours'
     FROM generate_series(1, $2::int) n`,
    [oldOrder, EXPIRED - 1],
  );
  await start(url);

  let turn = 0;
  const keysLeft = async () => {
    turn += 1;
    expect(await place(fresh, turn % 2)).toBe(freshOrder);
    const { rows } = await database.query<{ key: string }>('SELECT key FROM idempotency_keys');
    return rows.map(({ key }) => key);
  };
  await expect.poll(keysLeft, { timeout: 60_000, interval: 25 }).toEqual([fresh]);

  // Logged when the sweep is over, a moment later.
  const removed = () =>
    orders
      .flatMap((app) => [...app.log().matchAll(/"rows":(\d+)/g)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
  await expect.poll(removed).toBe(EXPIRED);
  // The order is still there; its key may stand for another one by now.
  expect((await call(`${orders[0]?.url}/orders/${String(oldOrder)}`, { token })).status).toBe(200);
  expect(await place(old, 1)).not.toBe(oldOrder);
});
