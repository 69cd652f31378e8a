import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect } from 'vitest';

import { databaseOptions } from './database-options.js';
import { databaseOutage } from './database-outage.js';
import { openDatabase } from './open-database.js';
import { withClient } from './reach-database.js';

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** Ends all connections that `open` made. */
export const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'spec' AND datname = current_database()`;

/** A database for each test, with the table `notes`, whose settings and connections a test disturbs. */
export class DisturbedDatabase {
  url = '';
  name = '';
  private opened: DataSource[] = [];

  static forEachTest(): DisturbedDatabase {
    const database = new DisturbedDatabase();
    Logger.overrideLogger(false);
    beforeEach(async () => {
      database.url = await freshDatabase();
      database.name = new URL(database.url).pathname.slice(1);
      await database.administer('CREATE TABLE notes (id int PRIMARY KEY, text text)');
    });
    afterEach(() => database.close());
    return database;
  }

  /** Closed after the test, unless the test has done so. */
  async open(address = this.url, poolSize?: number, connectTimeoutMS = 5_000): Promise<DataSource> {
    const description = { applicationName: 'spec', entities: [], migrations: [], poolSize };
    const options = databaseOptions({ url: address, ...description });
    const dataSource = await openDatabase({ ...options, connectTimeoutMS }, { logger: silent });
    this.opened.push(dataSource);
    return dataSource;
  }

  /** From another connection to the same database. */
  administer(...statements: readonly string[]): Promise<void> {
    return withClient(this.url, async (client) => {
      await client.query('SET default_transaction_read_only = off');
      for (const statement of statements) await client.query(statement);
    });
  }

  /** The statement that changes a setting of the database, for new connections. */
  set(setting: string): string {
    return `ALTER DATABASE "${this.name}" SET ${setting}`;
  }

  /** The statement that takes back `set`. */
  reset(setting: string): string {
    return `ALTER DATABASE "${this.name}" RESET ${setting}`;
  }

  private async close(): Promise<void> {
    const open = this.opened.filter(({ isInitialized }) => isInitialized);
    this.opened = [];
    await Promise.all(open.map((dataSource) => dataSource.destroy()));
  }
}

/** What the failure of some work says of the database. */
export async function reasonOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return databaseOutage(error)?.reason;
}
