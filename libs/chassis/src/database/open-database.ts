import { Logger, type LoggerService } from '@nestjs/common';
import type pg from 'pg';
import type { DataSource } from 'typeorm';

import { DatabaseError, errorCode } from './database-error.js';
import type { DatabaseOptions } from './database-options.js';
import { reachDatabase, SILENCE_MS, withClient } from './reach-database.js';
import { RetryingDataSource } from './retrying-data-source.js';

/** Any number will do, so long as all processes of an app agree. */
const MIGRATION_LOCK = 7_296_518_034;
const LOCK_NOT_AVAILABLE = '55P03';

export interface OpenOptions {
  /** How long to wait for a Postgres that is not there yet. */
  readonly waitMs?: number;
  /** How long another process may take for its migrations. */
  readonly lockWaitMs?: number;
  readonly logger?: LoggerService;
}

/**
 * Opens a database that is up to date: waits for Postgres, makes the database if it is missing, and
 * runs the pending migrations under an advisory lock, so that any number of processes may do all
 * this at the same moment.
 *
 * @throws DatabaseError and whatever a migration throws
 */
export async function openDatabase(
  options: DatabaseOptions,
  { waitMs = 30_000, lockWaitMs = 60_000, logger = new Logger('Database') }: OpenOptions = {},
): Promise<DataSource> {
  const { databaseUrl } = options;
  await reachDatabase(databaseUrl, logger, waitMs);
  await withMigrationLock(databaseUrl, lockWaitMs, () => migrate(options, logger));
  return new RetryingDataSource(options).initialize();
}

async function migrate(options: DatabaseOptions, logger: LoggerService): Promise<void> {
  // A migration may take longer than any statement of a request.
  const unhurried = { statement_timeout: 0, query_timeout: 0, max: 1 };
  const dataSource = new RetryingDataSource({
    ...options,
    extra: { ...options.extra, ...unhurried },
  });
  await dataSource.initialize();
  try {
    for (const { name } of await dataSource.runMigrations()) logger.log(`Migrated: ${name}`);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * The lock belongs to a session without a transaction: it goes with the process, however that ends,
 * and holds back neither vacuum nor a `CREATE INDEX CONCURRENTLY`.
 */
async function withMigrationLock(
  url: string,
  waitMs: number,
  work: () => Promise<void>,
): Promise<void> {
  const locked = async (client: pg.Client): Promise<void> => {
    try {
      await client.query(`SET lock_timeout = ${waitMs}`);
      await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    } catch (error) {
      if (errorCode(error) !== LOCK_NOT_AVAILABLE) throw error;
      const message = `Another process migrates this database, for more than ${waitMs} ms now`;
      throw new DatabaseError('lock_timeout', message, { cause: error });
    }
    await work();
  };
  await withClient(url, locked, waitMs + SILENCE_MS);
}
