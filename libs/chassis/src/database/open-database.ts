import { Logger, type LoggerService } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import type { StartProgress } from '../process/start-progress.js';
import type { DatabaseOptions } from './database-options.js';
import type { AppRole } from './app-role.js';
import { migrate } from './migrate.js';
import { awaitMigrations } from './migration-state.js';
import { reachDatabase } from './reach-database.js';
import { RetryingDataSource } from './retrying-data-source.js';

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
