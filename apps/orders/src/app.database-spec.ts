import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json as read } from 'node:stream/consumers';
import { StructuredLogger } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createOrdersApp } from './app.setup.js';
import { Config } from './config.js';
import { OrdersApp } from './orders-app.fixture.js';

/** A header of several values is sent several times. */
type Headers = Record<string, string | string[]>;

interface Call {
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly token?: string | undefined;
  readonly payload?: object;
  readonly headers?: Headers;
}

const newOrder = { currency: 'EUR', items: [{ sku: 'book', quantity: 2, unitPrice: 1_250 }] };

let orders: OrdersApp;
let ada: string;
let adasToken: string;

beforeAll(async () => {
  orders = await OrdersApp.start();
});
afterAll(() => orders.close());
beforeEach(() => {
  ada = `ada-${randomUUID()}`;
  adasToken = tokenOf(ada);
});

function tokenOf(sub: string, scope = 'orders:read orders:write', ...roles: string[]): string {
  return orders.auth.mint({ sub, scope, roles });
}

async function call({ method = 'GET', url, token, payload, headers }: Call) {
  const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const json = payload && { 'content-type': 'application/json' };
  const all = { ...authorization, ...json, ...headers };
  const asking = request(orders.url + url, { method, headers: all });
  asking.end(payload && JSON.stringify(payload));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: (await read(answer)) as Record<string, unknown> };
}

const place = (token: string | undefined, headers: Headers = {}, payload = newOrder) =>
  call({ method: 'POST', url: '/orders', token, headers, payload });

async function idOfNewOrder(): Promise<string> {
  return String((await place(adasToken)).body.id);
}

describe('orders', () => {
  it('are closed to callers without a token', async () => {
    const id = await idOfNewOrder();
    for (const open of [
      { method: 'POST' as const, url: '/orders', payload: newOrder },
      { url: '/orders' },
      { url: `/orders/${id}` },
      { method: 'POST' as const, url: `/orders/${id}/cancel` },
    ]) {
      expect(await call(open)).toMatchObject({ status: 401, body: { code: 'token_missing' } });
    }
  });

  it('are closed to a token that was revoked', async () => {
    const token = orders.auth.mint({ sub: ada, scope: 'orders:read', jti: ada });
    expect((await call({ url: '/orders', token })).status).toBe(200);
    await orders.auth.revoke({ kind: 'jti', id: ada });
    await expect
      .poll(async () => (await call({ url: '/orders', token })).body)
      .toMatchObject({ code: 'token_revoked' });
  });

  it('need the scope for writing to be placed and cancelled', async () => {
    const id = await idOfNewOrder();
    const reader = tokenOf(ada, 'orders:read');
    const refused = { status: 403, body: { code: 'insufficient_scope' } };
    expect(await place(reader)).toMatchObject(refused);
    const cancel = { method: 'POST', url: `/orders/${id}/cancel`, token: reader } as const;
    expect(await call(cancel)).toMatchObject(refused);
  });

  it('need the scope for reading to be listed and read', async () => {
    const token = tokenOf(ada, 'orders:write');
    const refused = { status: 403, body: { code: 'insufficient_scope' } };
    expect(await call({ url: '/orders', token })).toMatchObject(refused);
    expect(await call({ url: `/orders/${await idOfNewOrder()}`, token })).toMatchObject(refused);
  });

  it('live from placing through reading to cancelling', async () => {
    const placed = await place(adasToken);
    expect(placed).toMatchObject({
      status: 201,
      body: { ...newOrder, customerId: ada, total: 2_500 },
    });
    const url = `/orders/${String(placed.body.id)}`;
    expect(await call({ url, token: adasToken })).toMatchObject({ status: 200, body: placed.body });
    const cancel = { method: 'POST', url: `${url}/cancel`, token: adasToken } as const;
    const cancelled = { ...placed.body, status: 'cancelled' };
    expect(await call(cancel)).toMatchObject({ status: 200, body: cancelled });
    expect(await call(cancel)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const list = await call({ url: '/orders?status=cancelled', token: adasToken });
    expect(list).toMatchObject({ status: 200, body: { items: [cancelled], nextCursor: null } });
  });

  it.each(['user', 'admin'])('of others do not exist for role %s', async (role) => {
    const url = `/orders/${await idOfNewOrder()}`;
    const token = tokenOf('eve', 'orders:read orders:write', role);
    const missing = { status: 404, body: { code: 'not_found' } };
    expect(await call({ url, token })).toMatchObject(missing);
    expect(await call({ method: 'POST', url: `${url}/cancel`, token })).toMatchObject(missing);
  });

  it('of a named customer are listed for administrators and that customer alone', async () => {
    const id = await idOfNewOrder();
    const url = `/orders?customerId=${ada}`;
    const listFor = (token: string) => call({ url, token });
    const found = { status: 200, body: { items: [{ id }] } };
    const admin = (scope: string) => listFor(tokenOf('root', scope, 'user', 'admin'));
    expect(await admin('orders:read admin')).toMatchObject(found);
    expect(await listFor(adasToken)).toMatchObject(found);
    for (const narrowed of [
      'orders:read',
      'orders:read orders:write',
      'orders:read administrator',
    ]) {
      expect(await admin(narrowed)).toMatchObject({
        status: 403,
        body: { code: 'insufficient_scope' },
      });
    }
    expect(await listFor(tokenOf('eve', 'orders:read admin', 'user'))).toMatchObject({
      status: 403,
      body: { code: 'insufficient_role' },
    });
  });

  it('are placed once for an idempotency key, and answered alike', async () => {
    const first = await place(adasToken, { 'idempotency-key': 'k' });
    const again = await place(adasToken, { 'idempotency-key': 'k' });
    expect([again.status, again.body]).toEqual([201, first.body]);
    const other = await place(
      adasToken,
      { 'idempotency-key': 'k' },
      { ...newOrder, currency: 'USD' },
    );
    expect(other).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it.each([
    ['empty', ''],
    ['without end', 'k'.repeat(256)],
    ['of another alphabet', 'clé'],
    ['given twice', ['a', 'b']],
  ])('are not placed for an idempotency key that is %s', async (_name, key) => {
    const refused = await place(adasToken, { 'idempotency-key': key });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', errors: [{ path: 'Idempotency-Key' }] },
    });
  });

  it('are refused with every fault named', async () => {
    const items = [{ sku: '', quantity: 0, unitPrice: 1 }];
    const refused = await place(adasToken, {}, { currency: 'EUR', items });
    expect(refused).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'items.0.sku' }, { path: 'items.0.quantity' }] },
    });
  });

  it.each(['?cursor=x', '?limit=101', '?status=lost', '?offset=1', '?customerId=%00'])(
    'are not listed for %s',
    async (query) => {
      const refused = await call({ url: `/orders${query}`, token: adasToken });
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    },
  );
});

describe('the document', () => {
  it('says which routes want a token', async () => {
    const { body } = await call({ url: '/docs-json' });
    const paths = body.paths as Record<string, Record<string, { security?: unknown }>>;
    expect(paths['/orders']?.post?.security).toEqual([{ bearer: [] }]);
    expect(paths['/health/live']?.get?.security).toBeUndefined();
  });
});

it('a start that cannot use the database fails at once, and announces no retry', async () => {
  const url = new URL(await freshDatabase());
  url.password = 'wrong';
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = new StructuredLogger({ name: 'orders', level: 'info', destination });
  const starting = createOrdersApp(new Config({ ORDERS_DATABASE_URL: url.href }), logger);
  await expect(starting).rejects.toMatchObject({ name: 'DatabaseError', code: 'refused' });
  expect(lines.filter((line) => /retry/i.test(line))).toEqual([]);
});
