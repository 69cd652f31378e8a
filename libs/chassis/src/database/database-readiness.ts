import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

import type { ReadinessCheck } from '../readiness/readiness.js';
import { databaseOutage } from '../errors/database-outage.js';
import { poolOf } from './database-pool.js';

/** Below the two seconds within which readiness has to report an outage. */
const ANSWER_MS = 1_500;

/** Ready while the database accepts writes and has space for them. Any number of simultaneous checks cost one query. */
export function databaseReadiness(dataSource: DataSource): ReadinessCheck {
  let running: Promise<string | undefined> | undefined;
  return {
    name: 'database',
    check: () => (running ??= ask(dataSource).finally(() => (running = undefined))),
  };
}

async function ask(dataSource: DataSource): Promise<string | undefined> {
  const timeout = new AbortController();
  const late = delay(ANSWER_MS, 'does not answer', { signal: timeout.signal });
  // It fails when it is no longer needed.
  late.catch(() => undefined);
  try {
    return await Promise.race([missing(dataSource), late]);
  } finally {
    timeout.abort();
  }
}

async function missing(dataSource: DataSource): Promise<string | undefined> {
  try {
    const pool = poolOf(dataSource);
    if (!(await pool.isWritable(ANSWER_MS))) return 'is read-only';
    await pool.useSpace(ANSWER_MS);
    return undefined;
  } catch (error) {
    return databaseOutage(error)?.reason ?? 'cannot be reached';
  }
}
