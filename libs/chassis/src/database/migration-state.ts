import type { LoggerService } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

import { DatabaseError } from './database-error.js';
import type { DatabaseOptions } from './database-options.js';
import { withClient } from './reach-database.js';

const POLL_MS = 500;

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
    if (performance.now() + POLL_MS > deadlineMs) throw new DatabaseError('not_migrated', message);
    if (attempt === 1) logger.warn(message);
    await delay(POLL_MS);
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
