import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';

import { BoundedClient } from './bounded-client.js';
import { typeOrmLogger } from './typeorm-logger.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;
type Classes = readonly (new () => object)[];

export interface DatabaseDescription {
  /** `postgres://…` */
  readonly url: string;
  /** How the connections are called in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly entities: Classes;
  /** In the order in which they are run. */
  readonly migrations: Classes;
  /** At most so many connections. */
  readonly poolSize?: number;
}

/** Options with an address: what `openDatabase` takes. */
export type DatabaseOptions = Omit<PostgresOptions, 'extra'> & {
  readonly url: string;
  readonly extra: Readonly<Record<string, unknown>>;
};

/**
 * TypeORM's options for a Postgres of this house: entities and migrations as classes, a schema that
 * only migrations change, and a bound on every wait.
 *
 * Queries are never logged: their parameters are secrets and e-mails.
 */
export function databaseOptions(description: DatabaseDescription): DatabaseOptions {
  const { url, applicationName, entities, migrations, poolSize = 10 } = description;
  const logger = new Logger('Database');
  return {
    type: 'postgres',
    // By itself TypeORM looks for one by name, which a bundle has no folder for.
    driver: pg,
    url,
    applicationName,
    entities: [...entities],
    migrations: [...migrations],
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    logger: typeOrmLogger(logger),
    poolSize,
    connectTimeoutMS: 5_000,
    extra: {
      keepAlive: true,
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 30_000,
      // Later than the server's own limit: only for a server that answers no more.
      query_timeout: 15_000,
      Client: BoundedClient,
    },
  };
}
