import { connectionConfig } from '@jwt-auth/jwt-core/postgres';
import { Logger as NestLogger } from '@nestjs/common';
import pg from 'pg';
import type { DataSourceOptions, Logger } from 'typeorm';

import { LineLimiter } from '../logging/line-limiter.js';
import { DEFAULT_DATABASE_LIMITS, type DatabaseLimits } from '../settings/service-settings.js';
import { DatabasePool } from './database-pool.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;
type Classes = readonly (new () => object)[];

export interface DatabaseDescription {
  /** `postgres://…`, as `connectionConfig` of jwt-core reads it. */
  readonly url: string;
  /** The name of the connections in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly entities: Classes;
  /** In the order in which they are run. */
  readonly migrations: Classes;
  readonly limits?: Partial<DatabaseLimits> | undefined;
}

/**
 * A connection on which nothing is sent is probed after this time, and ends when nobody answers. The
 * default of the system is two hours, and a migration has no other limit.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** The client waits longer for an answer than the server works on a statement. */
const ANSWER_LATER_MS = 5_000;

/** TypeORM's options with the address: what `openDatabase` takes. */
export type DatabaseOptions = Omit<PostgresOptions, 'extra' | 'url'> & {
  readonly databaseUrl: string;
  readonly extra: Readonly<Record<string, unknown>>;
};

/**
 * TypeORM's options for a Postgres of this repository: entities and migrations as classes, a schema
 * that only migrations change, and a limit on every wait.
 *
 * Queries are never logged: their parameters are secrets and e-mails.
 */
export function databaseOptions(description: DatabaseDescription): DatabaseOptions {
  const { url, applicationName, entities, migrations, limits = {} } = description;
  const {
    poolSize = DEFAULT_DATABASE_LIMITS.poolSize,
    connectWaitMs = DEFAULT_DATABASE_LIMITS.connectWaitMs,
    statementTimeoutMs = DEFAULT_DATABASE_LIMITS.statementTimeoutMs,
  } = limits;
  return {
    type: 'postgres',
    // Given, because a bundle has no folder in which TypeORM would find it by name.
    driver: { ...pg, Pool: DatabasePool },
    // TypeORM must not read the address itself: it knows neither several hosts nor `sslmode`.
    databaseUrl: url,
    applicationName,
    entities: [...entities],
    migrations: [...migrations],
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    logger: warningsOnly(new NestLogger('Database')),
    poolSize,
    connectTimeoutMS: connectWaitMs,
    extra: {
      connection: connectionConfig(url),
      ...KEEP_ALIVE,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: 30_000,
      // Later than the server's own limit: only for a server that no longer answers.
      query_timeout: statementTimeoutMs + ANSWER_LATER_MS,
    },
  };
}

/**
 * TypeORM's warnings, in the log of the service. Nothing else: queries have parameters, which are
 * secrets, and errors are thrown anyway. When a server goes away, each connection reports it: one
 * line a second is enough.
 */
function warningsOnly(logger: NestLogger): Logger {
  const nothing = (): void => undefined;
  const limiter = new LineLimiter(1_000);
  return {
    logQuery: nothing,
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: (level, message) => {
      if (level === 'warn' && limiter.admit('warning') !== undefined) logger.warn(message);
    },
  };
}
