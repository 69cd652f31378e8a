import type { LoggerService } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { DataSource } from 'typeorm';

import { grantToApp, type AppRole } from './app-role.js';
import { DatabaseError, errorCode } from '../errors/database-outage.js';
import type { DatabaseOptions } from './database-options.js';
import { withClient } from './reach-database.js';

/** Any number, as long as all processes of an app agree. */
const MIGRATION_LOCK = 7_296_518_034;
const LOCK_POLL_MS = 100;
const STATE_POLL_MS = 500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Another transaction holds the lock; the server chose this transaction to end a deadlock. */
const LOCKED = new Set(['55P03', '40P01']);

export interface MigrateOptions {
  /** How long to wait for the migrations of another process, and for locks on tables. */
  readonly waitMs: number;
  /**
   * How long one statement of a migration waits for a lock. For that long, statements of other
   * processes on the same table wait behind it.
   */
  readonly lockTimeoutMs: number;
  /** Gets its rights to what there is then. */
  readonly appRole?: AppRole | undefined;
  readonly logger: LoggerService;
}

/**
 * Runs the pending migrations, one process at a time.
 *
 * A statement that changes a table waits until all transactions that use the table have ended, and
 * everything else waits behind that statement. So a migration gives up after `lockTimeoutMs`, is
 * rolled back, and starts again after a pause in which others go on.
 *
 * @throws DatabaseError `lock_timeout` and whatever a migration throws
 */
export async function migrate(options: DatabaseOptions, waits: MigrateOptions): Promise<void> {
  await withClient(options.databaseUrl, async (client) => {
    await takeMigrationLock(client, waits.waitMs);
    await runMigrations(options, waits);
  });
}

/**
 * The lock belongs to a session without a transaction: it goes with the process, however that ends,
 * and delays neither vacuum nor a `CREATE INDEX CONCURRENTLY`. Nor do those that wait for it: a
 * statement that waits inside the server would be one more transaction that such an index waits for.
 */
async function takeMigrationLock(client: pg.Client, waitMs: number): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS taken',
      [MIGRATION_LOCK],
    );
    if (rows[0]?.taken) return;
    if (performance.now() > deadlineMs) {
      const message = `Another process has been migrating this database for more than ${waitMs} ms`;
      throw new DatabaseError('lock_timeout', message);
    }
    await delay(LOCK_POLL_MS);
  }
}

async function runMigrations(
  options: DatabaseOptions,
  { waitMs, lockTimeoutMs, appRole, logger }: MigrateOptions,
): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  // A migration may take longer than any statement of a request.
  const limits = { statement_timeout: 0, query_timeout: 0, max: 1 };
  const dataSource = new DataSource({ ...options, extra: { ...options.extra, ...limits } });
  await dataSource.initialize();
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        // On the one connection. At its start, PgBouncer would refuse it.
        await dataSource.query(`SET lock_timeout = ${lockTimeoutMs}`);
        for (const { name } of await dataSource.runMigrations()) logger.log(`Migrated: ${name}`);
        if (appRole) await grantToApp(dataSource, appRole, logger);
        return;
      } catch (error) {
        if (!LOCKED.has(errorCode(error) ?? '')) throw error;
        if (performance.now() + pauseMs > deadlineMs) {
          const message =
            `A migration could not lock its tables within ${waitMs} ms: a transaction uses them. ` +
            `Find it in pg_stat_activity (oldest xact_start), end it, and start again`;
          throw new DatabaseError('lock_timeout', message, { cause: error });
        }
        logger.warn(`A migration waits for a lock on a table, and tries again in ${pauseMs} ms`);
        await delay(pauseMs);
      }
    }
  } finally {
    await dataSource.destroy();
  }
}

/** Which migrations a database has. */
interface MigrationState {
  /** The latest one; `undefined`: none at all. */
  readonly latest: string | undefined;
  /** Those of this release that it lacks. */
  readonly missing: readonly string[];
  /** Whether the latest one is of a later release. */
  readonly isAhead: boolean;
}

/**
 * Waits until another process has run all migrations of this release, and says in the log which ones the
 * database has. A database of a later release is fine.
 *
 * @throws DatabaseError `not_migrated` when it still lacks some after `waitMs`
 */
export async function awaitMigrations(
  options: DatabaseOptions,
  waitMs: number,
  logger: LoggerService,
): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  const names = namesOf(options);
  for (let attempt = 1; ; attempt += 1) {
    const { latest, missing, isAhead } = await withClient(options.databaseUrl, (client) =>
      stateOf(client, names),
    );
    const found = latest === undefined ? 'has no migrations' : `is at ${latest}`;
    if (missing.length === 0) {
      logger.log(`The database ${found}${isAhead ? ', of a later release' : ''}`);
      return;
    }
    const message =
      `The database ${found}, and lacks ${missing.length} of this release, from ${missing[0]} on. ` +
      'MIGRATE is off: run the command `migrate`';
    if (performance.now() + STATE_POLL_MS > deadlineMs)
      throw new DatabaseError('not_migrated', message);
    if (attempt === 1) logger.warn(message);
    await delay(STATE_POLL_MS);
  }
}

async function stateOf(client: pg.Client, names: readonly string[]): Promise<MigrationState> {
  // A role of its own may read the table a moment after it is there: the grants come last.
  const { rows: tables } = await client.query<{ readable: boolean | null }>(
    `SELECT has_table_privilege(to_regclass('migrations'), 'SELECT') AS readable`,
  );
  if (!tables[0]?.readable) return { latest: undefined, missing: names, isAhead: false };
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM migrations ORDER BY timestamp, id',
  );
  const run = new Set(rows.map(({ name }) => name));
  const latest = rows.at(-1)?.name;
  return {
    latest,
    missing: names.filter((name) => !run.has(name)),
    isAhead: latest !== undefined && !names.includes(latest),
  };
}

/** The names that TypeORM keeps: those of the classes. */
function namesOf({ migrations }: DatabaseOptions): string[] {
  return Object.values(migrations ?? []).map((migration: string | { readonly name: string }) =>
    typeof migration === 'string' ? migration : migration.name,
  );
}
