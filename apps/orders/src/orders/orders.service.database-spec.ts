import { openDatabase, PageCursorError } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ordersDatabase } from '../database/orders-database.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { Order } from './order.entity.js';
import { OrdersError, type OrdersErrorCode } from './orders.errors.js';
import { OrdersRepository } from './orders.repository.js';
import { OrderAnswer } from './orders.schema.js';
import { OrdersService } from './orders.service.js';

const newOrder = {
  currency: 'EUR',
  items: [
    { sku: 'book-1', quantity: 2, unitPrice: 1_250 },
    { sku: 'pen', quantity: 1, unitPrice: 99 },
  ],
};
const codeOf = (code: OrdersErrorCode) => expect.objectContaining({ code }) as OrdersError;
const many = <T>(count: number, work: () => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, work));

const logger = { log: () => {}, warn: () => {}, error: () => {} };

let dataSource: DataSource;
let orders: OrdersService;
let ada: string;

beforeAll(async () => {
  dataSource = await openDatabase(ordersDatabase(await freshDatabase()), { logger });
  orders = new OrdersService(new OrdersRepository(dataSource));
});
afterAll(() => dataSource.destroy());
beforeEach(() => void (ada = `ada-${randomUUID()}`));

describe('placing', () => {
  it('answers with the order, its total, and the time of its making', async () => {
    const order = await orders.place(ada, newOrder);
    expect(order).toMatchObject({ ...newOrder, customerId: ada, status: 'open', total: 2_599 });
    expect(Math.abs(order.createdAt.getTime() - Date.now())).toBeLessThan(10_000);
    expect(OrderAnswer.strict().parse(JSON.parse(JSON.stringify(order)))).toBeDefined();
    expect(await orders.find(ada, order.id)).toEqual(order);
  });

  it('keeps the largest total exactly', async () => {
    const items = [{ sku: 'palace', quantity: 1, unitPrice: Number.MAX_SAFE_INTEGER }];
    const { id } = await orders.place(ada, { currency: 'EUR', items });
    expect(await orders.find(ada, id)).toMatchObject({ total: Number.MAX_SAFE_INTEGER });
  });

  it('makes a new order of each request without a key', async () => {
    const [first, second] = [await orders.place(ada, newOrder), await orders.place(ada, newOrder)];
    expect(first.id).not.toBe(second.id);
  });
});

describe('an idempotency key', () => {
  it('gives the same order again, as it is by then', async () => {
    const order = await orders.place(ada, newOrder, 'k');
    expect(await orders.place(ada, newOrder, 'k')).toEqual(order);
    await orders.cancel(ada, order.id);
    expect(await orders.place(ada, newOrder, 'k')).toEqual({ ...order, status: 'cancelled' });
  });

  it('makes one order of many simultaneous requests', async () => {
    const results = await many(20, () => orders.place(ada, newOrder, 'k'));
    const ids = results.map((result) => (result.status === 'fulfilled' ? result.value.id : 'none'));
    expect(new Set(ids).size).toBe(1);
    expect(await dataSource.manager.countBy(Order, { customerId: ada })).toBe(1);
  });

  it('does not care in which order members were written', async () => {
    const order = await orders.place(ada, newOrder, 'k');
    const items = newOrder.items.map(({ sku, quantity, unitPrice }) => ({
      unitPrice,
      quantity,
      sku,
    }));
    expect((await orders.place(ada, { items, currency: 'EUR' }, 'k')).id).toBe(order.id);
  });

  it.each([
    ['another currency', { ...newOrder, currency: 'USD' }],
    [
      'another price',
      { ...newOrder, items: [{ ...newOrder.items[0]!, unitPrice: 1 }, newOrder.items[1]!] },
    ],
    ['items in another order', { ...newOrder, items: newOrder.items.toReversed() }],
    ['fewer items', { ...newOrder, items: newOrder.items.slice(1) }],
  ])('is refused for %s', async (_name, other) => {
    await orders.place(ada, newOrder, 'k');
    await expect(orders.place(ada, other, 'k')).rejects.toEqual(
      codeOf('key_used_for_another_order'),
    );
    expect(await dataSource.manager.countBy(Order, { customerId: ada })).toBe(1);
  });

  it('is each customer’s own', async () => {
    const order = await orders.place(ada, newOrder, 'k');
    const other = await orders.place(`eve-${ada}`, newOrder, 'k');
    expect(other.id).not.toBe(order.id);
  });

  it('is free again when the transaction that claimed it fails', async () => {
    const impossible = { ...newOrder, currency: 'LONG' };
    await expect(orders.place(ada, impossible, 'k')).rejects.toThrow();
    expect(await dataSource.manager.countBy(IdempotencyKey, { customerId: ada })).toBe(0);
    expect(await orders.place(ada, newOrder, 'k')).toMatchObject(newOrder);
  });
});

describe('cancelling', () => {
  it('ends an open order', async () => {
    const order = await orders.place(ada, newOrder);
    expect(await orders.cancel(ada, order.id)).toEqual({ ...order, status: 'cancelled' });
    expect((await orders.find(ada, order.id)).status).toBe('cancelled');
  });

  it('is done by one of many simultaneous calls', async () => {
    const { id } = await orders.place(ada, newOrder);
    const results = await many(10, () => orders.cancel(ada, id));
    const reasons = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []));
    expect(reasons).toEqual(Array.from({ length: 9 }, () => codeOf('not_open')));
  });
});

describe('reaching an order', () => {
  const ways: [string, (customer: string, id: string) => Promise<unknown>][] = [
    ['find', (customer, id) => orders.find(customer, id)],
    ['cancel', (customer, id) => orders.cancel(customer, id)],
  ];
  it.each(ways)('is for its customer alone (%s)', async (_name, reach) => {
    const { id } = await orders.place(ada, newOrder);
    await expect(reach(`eve-${ada}`, id)).rejects.toEqual(codeOf('not_found'));
    expect((await orders.find(ada, id)).status).toBe('open');
  });

  it.each(ways)('needs an id that there is (%s)', async (_name, reach) => {
    for (const id of [randomUUID(), '1', '', 'a'.repeat(36), `${randomUUID()}0`, 'x\0']) {
      await expect(reach(ada, id)).rejects.toEqual(codeOf('not_found'));
    }
  });
});

describe('listing', () => {
  /** Orders of which many have the same time, as those of a busy moment have. */
  async function placeMany(count: number): Promise<string[]> {
    const placed: Order[] = [];
    for (let i = 0; i < count; i += 1) placed.push(await orders.place(ada, newOrder));
    await dataSource.query(
      `UPDATE orders SET created_at = date_trunc('day', created_at) + (random() * 2)::int
         * interval '1 ms' WHERE customer_id = $1`,
      [ada],
    );
    return placed.map(({ id }) => id);
  }

  it('passes each order once, the latest first, however large the pages', async () => {
    const ids = await placeMany(25);
    for (const limit of [1, 7, 25, 100]) {
      const seen: Order[] = [];
      let cursor: string | undefined;
      do {
        const page = await orders.list({ customerId: ada }, { limit, cursor });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && seen.length <= ids.length);
      expect(seen.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      const times = seen.map(({ createdAt }) => createdAt.getTime());
      expect(times).toEqual(times.toSorted((a, b) => b - a));
    }
  });

  it('passes each of 2,000 orders of one instant once', async () => {
    await dataSource.query(
      `INSERT INTO orders (id, customer_id, status, currency, items, total)
       SELECT gen_random_uuid(), $1, 'open', 'EUR', '[]', 0 FROM generate_series(1, 2000)`,
      [ada],
    );
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await orders.list({ customerId: ada }, { limit: 99, cursor });
      for (const { id } of page.items) seen.add(id);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.size).toBe(2_000);
  });

  it('has no cursor on its last page', async () => {
    await placeMany(2);
    const page = await orders.list({ customerId: ada }, { limit: 2 });
    expect(page.nextCursor).toBeNull();
  });

  it('goes on where it was when orders are placed meanwhile', async () => {
    const ids = await placeMany(4);
    const filter = { customerId: ada };
    const first = await orders.list(filter, { limit: 2 });
    await orders.place(ada, newOrder);
    const second = await orders.list(filter, { limit: 2, cursor: first.nextCursor ?? '' });
    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('keeps to a status and to the customer', async () => {
    const [cancelled = ''] = await placeMany(3);
    await orders.place(`eve-${ada}`, newOrder);
    await orders.cancel(ada, cancelled);
    const idsOf = async (status: 'open' | 'cancelled') =>
      (await orders.list({ customerId: ada, status }, { limit: 9 })).items.map(({ id }) => id);
    expect(await idsOf('cancelled')).toEqual([cancelled]);
    expect(await idsOf('open')).toHaveLength(2);
  });

  it('refuses a cursor of another list', async () => {
    await placeMany(2);
    const { nextCursor } = await orders.list({ customerId: ada }, { limit: 1 });
    const page = { limit: 1, cursor: nextCursor ?? '' };
    const others = [{ customerId: `eve-${ada}` }, { customerId: ada, status: 'open' as const }];
    for (const filter of others) {
      await expect(orders.list(filter, page)).rejects.toBeInstanceOf(PageCursorError);
    }
  });
});
