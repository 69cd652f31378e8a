import { randomUUID } from 'node:crypto';
import { call, type RunningApp } from '@jwt-auth/dev-stack';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOrders } from './orders-service.js';
import { tea } from './tea.js';

let issuer: TestIssuer;
let orders: RunningApp;
let ada: string;
let bob: string;

const customer = (sub: string, roles: string[] = [], scope = 'orders:read orders:write') =>
  issuer.mint({ sub, roles, scope });
const at = (path: string) => `${orders.url}/orders${path}`;
const place = (token: string, body: unknown = tea, headers = {}) =>
  call(at(''), { token, body, headers });

beforeAll(async () => {
  issuer = await TestIssuer.start();
  orders = await startOrders(issuer.issuer);
});
afterAll(async () => {
  await orders?.stop();
  await issuer.close();
});
beforeEach(() => {
  ada = customer(`ada-${randomUUID()}`);
  bob = customer(`bob-${randomUUID()}`);
});

describe('placing an order', () => {
  it('answers with the order, its total in minor units', async () => {
    const { status, body } = await place(ada);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...tea, status: 'open', total: 900 });
    expect(body['id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Date(body['createdAt'] as string).getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it.each([
    ['no body', ''],
    ['broken JSON', '{"currency":'],
    ['a list', []],
    ['no items', { ...tea, items: [] }],
    ['too many items', { ...tea, items: Array(101).fill(tea.items[0]) }],
    ['a fraction of a cent', { ...tea, items: [{ sku: 'tea', quantity: 1, unitPrice: 4.5 }] }],
    ['a negative price', { ...tea, items: [{ sku: 'tea', quantity: 1, unitPrice: -1 }] }],
    ['a quantity of zero', { ...tea, items: [{ sku: 'tea', quantity: 0, unitPrice: 1 }] }],
    ['a text for a number', { ...tea, items: [{ sku: 'tea', quantity: '1', unitPrice: 1 }] }],
    [
      'a total beyond exact numbers',
      {
        ...tea,
        items: [{ sku: 'tea', quantity: 10_000, unitPrice: Number.MAX_SAFE_INTEGER }],
      },
    ],
    ['a currency that is none', { ...tea, currency: 'euro' }],
    ['an unknown member', { ...tea, total: 1 }],
    ['an order in the name of another', { ...tea, customerId: 'bob' }],
  ])('refuses %s and says what is wrong', async (_name, body) => {
    const answer = await place(ada, body);
    expect(answer.status).toBe(400);
    expect(answer.body['code']).toBe('invalid_input');
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  });

  it('names the path of what is wrong', async () => {
    const { body } = await place(ada, { currency: 'EUR', items: [{ sku: 'tea', quantity: 0 }] });
    const paths = (body['errors'] as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining([expect.stringContaining('quantity')]));
  });

  it('refuses a body over 16 KiB', async () => {
    const { status, body } = await place(ada, { ...tea, note: 'x'.repeat(17_000) });
    expect([status, body['code']]).toEqual([413, 'body_too_large']);
  });

  it('refuses a body that is not JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    const { status, body } = await place(ada, 'tea', headers);
    expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
  });
});

describe('an Idempotency-Key', () => {
  it('makes one order of many simultaneous calls', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => place(ada, tea, headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    const { body } = await call(at(''), { token: ada });
    expect(body['items']).toHaveLength(1);
  });

  it('refuses another order under the same key', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await place(ada, tea, headers);
    const { status, body } = await place(ada, { ...tea, currency: 'USD' }, headers);
    expect([status, body['code']]).toEqual([409, 'conflict']);
  });

  it('belongs to one customer', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [mine, theirs] = [await place(ada, tea, headers), await place(bob, tea, headers)];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(mine.body['id']).not.toBe(theirs.body['id']);
  });
});

describe('reading orders', () => {
  it('pages through all of them, each once, and none of another customer', async () => {
    await place(bob);
    const placed = [];
    for (let i = 0; i < 5; i++) placed.push((await place(ada)).body['id']);
    const read: unknown[] = [];
    let cursor = '';
    do {
      const { body } = await call(at(`?limit=2${cursor}`), { token: ada });
      read.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      const next = body['nextCursor'] as string | null;
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor);
    expect(read).toEqual(placed.reverse());
  });

  it('is not found by another user', async () => {
    const { body: order } = await place(ada);
    const path = `/${String(order['id'])}`;
    expect((await call(at(path), { token: ada })).body).toEqual(order);
    const theirs = await call(at(path), { token: bob });
    const nobodys = await call(at(`/${randomUUID()}`), { token: bob });
    expect(theirs.status).toBe(404);
    expect(theirs.body).toEqual(nobodys.body);
  });

  it('lets an administrator list those of a customer', async () => {
    const token = issuer.mint({ sub: 'carol', scope: 'orders:read orders:write' });
    const { body: order } = await place(token);
    const admin = customer('root', ['admin'], 'orders:read admin');
    const { body } = await call(at('?customerId=carol'), { token: admin });
    expect(body['items']).toEqual([order]);
    const narrowed = await call(at('?customerId=carol'), { token: customer('root', ['admin']) });
    expect(narrowed.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="orders:read admin"',
    );
  });

  it.each(['?limit=0', '?limit=101', '?limit=x', '?cursor=nonsense', '?status=lost', '?what=1'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await call(at(query), { token: ada });
      expect([status, body['code']]).toEqual([400, 'invalid_input']);
    },
  );
});

describe('cancelling an order', () => {
  it('works once, also when asked many times at once', async () => {
    const { body: order } = await place(ada);
    const path = at(`/${String(order['id'])}/cancel`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call(path, { token: ada, method: 'POST' })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won.map(({ body }) => body)).toEqual([{ ...order, status: 'cancelled' }]);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    const { body } = await call(at('?status=cancelled'), { token: ada });
    expect(body['items']).toHaveLength(1);
  });

  it('is for the customer alone', async () => {
    const { body: order } = await place(ada);
    const path = at(`/${String(order['id'])}/cancel`);
    expect((await call(path, { token: bob, method: 'POST' })).status).toBe(404);
  });
});

describe('what every service has', () => {
  it.each([
    ['/health/live', 200],
    ['/health/ready', 200],
    ['/docs', 200],
    ['/docs-json', 200],
    ['/nowhere', 404],
  ])('%s answers %i without a token', async (path, status) => {
    const response = await fetch(orders.url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/\S/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    await response.body?.cancel();
  });

  it('keeps tokens out of its log', async () => {
    await call(at('?access_token=secret-in-a-query'), { token: ada });
    expect(orders.log()).not.toContain(ada.slice(0, 40));
    expect(orders.log()).not.toContain('secret-in-a-query');
  });

  // The last test: the service is gone then.
  it('ends in order after SIGTERM', async () => {
    orders.kill('SIGTERM');
    expect(await orders.exited).toMatchObject({ code: 0 });
  });
});
