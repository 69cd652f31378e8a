import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

import { databaseOutage } from './database-outage.js';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 20;

/**
 * A data source that runs a whole transaction again when Postgres undid it because of another one: a
 * deadlock or a serialization failure (PostgreSQL documentation, section 13.5). Every `transaction`
 * of the data source and of its manager does so; the work must therefore do nothing that a rollback
 * does not undo. A transaction inside another one fails with the outer one.
 */
export class RetryingDataSource extends DataSource {
  override createEntityManager(runner?: QueryRunner): EntityManager {
    const manager = super.createEntityManager(runner);
    if (runner) return manager;
    const once = manager.transaction.bind(manager) as (...given: unknown[]) => Promise<unknown>;
    manager.transaction = (...given: unknown[]) => withRetries(() => once(...given));
    return manager;
  }
}

async function withRetries<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS || !databaseOutage(error)?.isRetryable) throw error;
      // At random, so that the two do not meet again.
      await delay(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
    }
  }
}
