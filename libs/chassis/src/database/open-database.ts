import { Logger, type LoggerService } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

import type { StartProgress } from '../readiness/start-progress.js';
import type { AppRole } from './app-role.js';
import type { DatabaseOptions } from './database-options.js';
import { databaseOutage } from '../errors/database-outage.js';
import { awaitMigrations, migrate } from './migrate.js';
import { reachDatabase } from './reach-database.js';

/** Of a transaction that Postgres undid because of another one. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 20;

export interface OpenOptions {
  /** How long to wait for a Postgres that is not there yet. */
  readonly waitMs?: number;
  /** How long another process may take for its migrations, and other transactions for theirs. */
  readonly lockWaitMs?: number;
  /** How long one statement of a migration waits for a lock, and others behind it. */
  readonly lockTimeoutMs?: number;
  /** `await`: another process migrates, and this one waits for it as long as for Postgres. Default: `run`. */
  readonly migrations?: 'run' | 'await';
  /** The role of processes that do not migrate: it gets its rights after the migrations. */
  readonly appRole?: AppRole | undefined;
  readonly logger?: LoggerService;
  /** Gets what opening the database waits for. */
  readonly progress?: StartProgress | undefined;
}

/**
 * Opens a database that is up to date: waits for Postgres, makes the database if it is missing, and
 * runs the pending migrations under an advisory lock, so that any number of processes may do all
 * this at the same moment. Or waits until another process has run them.
 *
 * @throws DatabaseError and whatever a migration throws
 */
export async function openDatabase(
  options: DatabaseOptions,
  {
    waitMs = 30_000,
    lockWaitMs = 60_000,
    lockTimeoutMs = 1_000,
    migrations = 'run',
    appRole,
    logger = new Logger('Database'),
    progress,
  }: OpenOptions = {},
): Promise<DataSource> {
  progress?.waitsFor('database', 'cannot be reached');
  await reachDatabase(options.databaseUrl, logger, waitMs);
  if (migrations === 'await') {
    progress?.waitsFor('database', 'lacks migrations');
    await awaitMigrations(options, waitMs, logger);
  } else {
    progress?.waitsFor('database', 'is being migrated');
    await migrate(options, { waitMs: lockWaitMs, lockTimeoutMs, appRole, logger });
  }
  const dataSource = await new RetryingDataSource(options).initialize();
  progress?.has('database');
  return dataSource;
}

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
