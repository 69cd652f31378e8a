import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Retention } from './retention.js';

const LOCK = 0x72657461;
const entities = ['notes', 'pictures'].map(
  (name) =>
    new EntitySchema({
      name,
      columns: {
        id: { type: 'int', primary: true },
        expiresAt: { type: 'timestamptz', name: 'expires_at' },
      },
    }),
);
const rows = entities.map((entity) => ({
  entity,
  condition: 'expired.expiresAt < now()',
  age: 'expiresAt',
}));

let dataSource: DataSource;

beforeAll(async () => {
  const url = await freshDatabase();
  dataSource = await new DataSource({ type: 'postgres', url, entities }).initialize();
  await dataSource.synchronize();
});
afterAll(() => dataSource.destroy());
afterEach(() => dataSource.query('TRUNCATE notes, pictures'));

const retention = () => new Retention(dataSource, { rows });

/** Rows that expired as many seconds ago as their id says. */
const addExpired = (table: string, count: number): Promise<unknown> =>
  dataSource.query(
    `INSERT INTO ${table}
       SELECT id, now() - id * interval '1 second' FROM generate_series(1, $1::int) AS id`,
    [count],
  );

const idsOf = async (table: string): Promise<number[]> =>
  (await dataSource.query<{ id: number }[]>(`SELECT id FROM ${table} ORDER BY id`)).map(
    ({ id }) => id,
  );

const waitingFor = async (table: string): Promise<number> =>
  (
    await dataSource.query<unknown[]>(
      'SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass',
      [table],
    )
  ).length;

describe('retention', () => {
  it('removes what has expired from each table, in as many batches as it takes', async () => {
    await addExpired('notes', 2_500);
    await addExpired('pictures', 1_000);
    await dataSource.query(`INSERT INTO notes VALUES (9000, now() + interval '1 hour')`);
    expect(await retention().removeExpired()).toEqual({ notes: 2_500, pictures: 1_000 });
    expect([await idsOf('notes'), await idsOf('pictures')]).toEqual([[9_000], []]);
  });

  it('adds up what it removes from one table for different reasons', async () => {
    await addExpired('notes', 5);
    const [notes] = rows;
    const hours = { ...notes!, condition: `expired.id > 3` };
    const removed = await new Retention(dataSource, { rows: [hours, notes!] }).removeExpired();
    expect(removed).toEqual({ notes: 5 });
  });

  it('names no table from which nothing was removed', async () => {
    await addExpired('pictures', 1);
    expect(await retention().removeExpired()).toEqual({ pictures: 1 });
  });

  it('passes over what someone else holds locked', async () => {
    await addExpired('notes', 3);
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM notes WHERE id = 2 FOR UPDATE');
      expect(await retention().removeExpired()).toEqual({ notes: 2 });
    });
    expect(await idsOf('notes')).toEqual([2]);
  });

  it('leaves the work to another process that is at it', async () => {
    await addExpired('notes', 1);
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      expect(await retention().removeExpired()).toEqual({});
    });
    expect(await retention().removeExpired()).toEqual({ notes: 1 });
  });

  it('cleans the tables after one that cannot be cleaned, and reports that one', async () => {
    await addExpired('pictures', 3);
    const failing = new Retention(dataSource, {
      rows: [{ ...rows[0]!, condition: 'nonsense' }, rows[1]!],
    });
    await expect(failing.removeExpired()).rejects.toThrow('nonsense');
    expect(await idsOf('pictures')).toEqual([]);
  });

  it('leaves the work to others when it has failed', async () => {
    const [notes] = rows;
    const failing = new Retention(dataSource, { rows: [{ ...notes!, condition: 'nonsense' }] });
    await expect(failing.removeExpired()).rejects.toThrow('nonsense');
    await dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ isFree: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1) AS "isFree"',
        [LOCK],
      );
      expect(lock?.isFree).toBe(true);
    });
  });

  it('ends after the batch that it is at when the service stops', async () => {
    await addExpired('notes', 1_500);
    await addExpired('pictures', 1);
    const stopping = retention();
    const removing = await dataSource.transaction(async (manager) => {
      await manager.query('LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE');
      const result = stopping.removeExpired();
      await expect.poll(() => waitingFor('notes')).toBe(1);
      void stopping.onModuleDestroy();
      return { result };
    });
    // The oldest first.
    expect(await removing.result).toEqual({ notes: 1_000 });
    expect((await idsOf('notes')).at(-1)).toBe(500);
  });

  it('comes soon after the start, then again and again, until the service stops', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const service = retention();
      const removeExpired = vi.spyOn(service, 'removeExpired').mockResolvedValue({});
      service.onApplicationBootstrap();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(removeExpired).not.toHaveBeenCalled();
      removeExpired.mockRejectedValueOnce(new Error('the database is away'));
      await vi.advanceTimersByTimeAsync(6_000);
      expect(removeExpired).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(290_000);
      expect(removeExpired).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(3 * 900_000);
      expect(removeExpired.mock.calls.length).toBeGreaterThanOrEqual(3);
      await service.onModuleDestroy();
      removeExpired.mockClear();
      await vi.advanceTimersByTimeAsync(1_800_000);
      expect(removeExpired).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
