import { openDatabase } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { ordersDatabase } from '../database/orders-database.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { IdempotencyRetention } from './idempotency-retention.js';
import { OrdersService } from './orders.service.js';

const wish = { currency: 'EUR', items: [{ sku: 'pen', quantity: 1, unitPrice: 99 }] };

const logger = { log: () => {}, warn: () => {}, error: () => {} };

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openDatabase(ordersDatabase(await freshDatabase()), { logger });
});
afterAll(() => dataSource.destroy());

/** `count` keys of one order, used `hours` ago. */
async function useKeys(count: number, hours: number): Promise<void> {
  const { id } = await new OrdersService(dataSource).place('ada', wish);
  await dataSource.query(
    `INSERT INTO idempotency_keys
       SELECT 'ada', $1 || '-' || i, sha256(''), $2, now() - $3::int * interval '1 hour'
       FROM generate_series(1, $4::int) i`,
    [String(hours), id, hours, count],
  );
}

it('removes keys that are older than a day, in as many batches as it takes', async () => {
  await useKeys(2_500, 25);
  await useKeys(3, 23);
  expect(await new IdempotencyRetention(dataSource).removeExpired()).toBe(2_500);
  expect(await dataSource.manager.count(IdempotencyKey)).toBe(3);
  expect(
    await new OrdersService(dataSource).list({ customerId: 'ada' }, { limit: 9 }),
  ).toMatchObject({ items: [{ status: 'open' }, { status: 'open' }] });
});

it('leaves the work to another process that is at it', async () => {
  await useKeys(1, 26);
  const retention = new IdempotencyRetention(dataSource);
  await dataSource.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock(7296518035)');
    expect(await retention.removeExpired()).toBe(0);
  });
  expect(await retention.removeExpired()).toBe(1);
});

it('ends after the batch that it is at when the service stops', async () => {
  await useKeys(1_500, 27);
  const retention = new IdempotencyRetention(dataSource);
  retention.onApplicationBootstrap();
  const removing = retention.removeExpired();
  await retention.onModuleDestroy();
  expect(await removing).toBe(1_000);
});

it('comes soon after the start, then again and again, until the service stops', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const service = new IdempotencyRetention(dataSource);
    const removeExpired = vi.spyOn(service, 'removeExpired').mockResolvedValue(0);
    service.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(removeExpired).not.toHaveBeenCalled();
    removeExpired.mockRejectedValueOnce(new Error('the database is away'));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(removeExpired).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3 * 900_000);
    expect(removeExpired.mock.calls.length).toBeGreaterThanOrEqual(4);
    await service.onModuleDestroy();
    removeExpired.mockClear();
    await vi.advanceTimersByTimeAsync(1_800_000);
    expect(removeExpired).not.toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
