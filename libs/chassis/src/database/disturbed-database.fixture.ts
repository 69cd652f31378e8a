import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { databaseOptions } from './database-options.js';
import { databaseOutage } from '../errors/database-outage.js';
import { RetryingDataSource } from './open-database.js';
import { withClient } from './reach-database.js';

/** Ends all connections that `open` made. */
export const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'spec' AND datname = current_database()`;

/** A database with the table `notes`, whose settings and connections a test disturbs. */
export class DisturbedDatabase {
  url = '';
  name = '';
  private opened: DataSource[] = [];

  static forEachTest(): DisturbedDatabase {
    const database = new DisturbedDatabase();
    beforeEach(() => database.make());
    afterEach(() => database.close());
    return database;
  }

  /** For tests that leave their database as it was. */
  static forAllTests(): DisturbedDatabase {
    const database = new DisturbedDatabase();
    beforeAll(() => database.make());
    afterAll(() => database.close());
    return database;
  }

  /** As `openDatabase` returns it. Closed with this database, unless a test has done so. */
  async open(address = this.url, poolSize?: number, connectTimeoutMS = 5_000): Promise<DataSource> {
    const description = {
      applicationName: 'spec',
      entities: [],
      migrations: [],
      limits: { poolSize },
    };
    const options = databaseOptions({ url: address, ...description });
    const dataSource = new RetryingDataSource({ ...options, connectTimeoutMS });
    this.opened.push(dataSource);
    return dataSource.initialize();
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

  private async make(): Promise<void> {
    // The pool reports the connections that are lost here.
    Logger.overrideLogger(false);
    this.url = await freshDatabase();
    this.name = new URL(this.url).pathname.slice(1);
    await this.administer('CREATE TABLE notes (id int PRIMARY KEY, text text)');
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
