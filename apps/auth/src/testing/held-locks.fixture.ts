import { expect } from 'vitest';

import type { AuthApp } from './auth-app.fixture.js';

/** As `holdAdministration` takes it. */
export const ADMINISTRATION = `SELECT pg_advisory_xact_lock(${0x75736572})`;

/** Does this work while another transaction holds the lock that this statement takes. */
export async function whileHeld<T>(
  { dataSource }: AuthApp,
  lock: string,
  work: () => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query(lock);
    return await work();
  } finally {
    await runner.commitTransaction();
    await runner.release();
  }
}

/** Resolves when so many transactions wait for a lock. */
export async function isWaiting({ dataSource }: AuthApp, count: number): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  await expect.poll(() => dataSource.query<object[]>(waiting)).toHaveLength(count);
}
