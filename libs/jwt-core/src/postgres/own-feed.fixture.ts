import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { RevocationBatch } from '../revocation/revocation-source.js';
import type { Revocation } from '../revocation/revocation.js';
import { FeedConnection } from './feed/connection.js';
import { migratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';
import {
  PostgresRevocationSource,
  type PostgresRevocationSourceOptions,
} from './postgres-revocation-source.js';

/**
 * A database of the calling spec's own, whose table is empty when a test begins, and its readers.
 */
export interface OwnFeed {
  readonly database: MigratedDatabase;
  /** A source over the database as another process would have it, closed after the test. */
  newSource(options?: Partial<PostgresRevocationSourceOptions>): PostgresRevocationSource;
  /** A connection as a source has it, closed after the test. */
  connection(): Promise<FeedConnection>;
}

/** To be called at the top of a spec. */
export function ownFeed(): OwnFeed {
  let database: MigratedDatabase;
  let sources: PostgresRevocationSource[] = [];
  let closing = new AbortController();
  beforeAll(async () => {
    database = await migratedDatabase();
  });
  afterAll(() => database.close());
  beforeEach(() => database.dataSource.query('DELETE FROM revoked_tokens'));
  afterEach(() => {
    for (const source of sources) source.close();
    sources = [];
    closing.abort(new Error('The test is over'));
    closing = new AbortController();
  });
  return {
    get database() {
      return database;
    },
    newSource(options = {}) {
      const source = new PostgresRevocationSource({ connection: database.url, ...options });
      sources.push(source);
      return source;
    },
    connection() {
      const config = { connectionString: database.url };
      const { signal } = closing;
      return FeedConnection.open({ config, name: 'spec', statementTimeoutMs: 0, signal });
    },
  };
}

export const jti = (): Revocation => ({ kind: 'jti', id: randomUUID(), exp: 2_000_000_000 });
export const ids = (batch: RevocationBatch) => batch.entries.map(({ id }) => id);
export const now = { waitSeconds: 0 };
export const waiting = { waitSeconds: 20 };
