import { openDatabase, Retention } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { ordersDatabase } from '../database/orders-database.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { EXPIRED_KEYS, OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

const newOrder = { currency: 'EUR', items: [{ sku: 'pen', quantity: 1, unitPrice: 99 }] };

const logger = { log: () => {}, warn: () => {}, error: () => {} };

let dataSource: DataSource;
let orders: OrdersService;

beforeAll(async () => {
  dataSource = await openDatabase(ordersDatabase(await freshDatabase()), { logger });
  orders = new OrdersService(new OrdersRepository(dataSource));
});
afterAll(() => dataSource.destroy());

/** `count` keys of one order, used `hours` ago. */
async function useKeys(count: number, hours: number): Promise<void> {
  const { id } = await orders.place('ada', newOrder);
  await dataSource.query(
    `INSERT INTO idempotency_keys
       SELECT 'ada', $1 || '-' || i, sha256(''), $2, now() - $3::int * interval '1 hour'
       FROM generate_series(1, $4::int) i`,
    [String(hours), id, hours, count],
  );
}

it('removes keys that are older than a day, and no order', async () => {
  await useKeys(2, 25);
  await useKeys(3, 23);
  const retention = new Retention(dataSource, { rows: [EXPIRED_KEYS] });
  expect(await retention.removeExpired()).toEqual({ idempotency_keys: 2 });
  expect(await dataSource.manager.count(IdempotencyKey)).toBe(3);
  expect(await orders.list({ customerId: 'ada' }, { limit: 9 })).toMatchObject({
    items: [{ status: 'open' }, { status: 'open' }],
  });
});
