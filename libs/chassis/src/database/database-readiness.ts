import type { DataSource } from 'typeorm';

import { answerWithin, type ReadinessCheck } from '../readiness/readiness.js';
import { databaseOutage } from '../errors/database-outage.js';
import { poolOf } from './database-pool.js';

/** Below the two seconds within which readiness has to report an outage. */
const ANSWER_MS = 1_500;

/** Ready while the database accepts writes and has space for them. Any number of simultaneous checks cost one query. */
export function databaseReadiness(dataSource: DataSource): ReadinessCheck {
  let running: Promise<string | undefined> | undefined;
  return {
    name: 'database',
    check: () =>
      (running ??= answerWithin(missing(dataSource), ANSWER_MS).finally(
        () => (running = undefined),
      )),
  };
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
