import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { databaseOptions } from './database-options.js';
import { openDatabase } from './open-database.js';

class AddAuthor1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE authors (id int PRIMARY KEY)');
    await runner.query('ALTER TABLE notes ADD author int');
  }

  async down(): Promise<void> {}
}

class IndexNotes1700000000001 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX CONCURRENTLY notes_by_id ON notes (id)');
  }

  async down(): Promise<void> {}
}

Logger.overrideLogger(false);

const LOCK_TIMEOUT_MS = 150;

let url: string;
let warnings: string[];
/** A transaction that has read the table, and goes on. */
let reader: pg.Client;

beforeEach(async () => {
  url = await freshDatabase();
  warnings = [];
  reader = await connect();
  await reader.query('CREATE TABLE notes (id int)');
  await reader.query('INSERT INTO notes VALUES (7)');
  await reader.query('BEGIN');
  await reader.query('SELECT FROM notes');
});
afterEach(() => reader.end());

describe('a migration that meets a long transaction', () => {
  it('lets others read in the meantime, and is done once the transaction has ended', async () => {
    const opening = open([AddAuthor1700000000000]);
    const other = await connect();
    // While the migration waits, others wait behind it, but never longer than it does.
    await other.query(`SET statement_timeout = ${LOCK_TIMEOUT_MS * 10}`);
    while (warnings.length < 3) {
      expect((await other.query('SELECT id FROM notes')).rows).toEqual([{ id: 7 }]);
    }
    await reader.query('COMMIT');
    const dataSource = await opening;
    expect(await dataSource.query('SELECT id, author FROM notes')).toEqual([
      { id: 7, author: null },
    ]);
    await dataSource.destroy();
    await other.end();
  });

  it('gives up after a while, says why, and leaves nothing behind', async () => {
    await expect(open([AddAuthor1700000000000], 500)).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'lock_timeout',
      message: expect.stringContaining('pg_stat_activity') as string,
    });
    await reader.query('COMMIT');
    const { rows } = await reader.query(`SELECT to_regclass('authors') AS authors`);
    expect(rows).toEqual([{ authors: null }]);
  });

  it('is chosen as the victim of a deadlock, and tries again', async () => {
    await reader.query('CREATE TABLE authors (id int)');
    await reader.query('ROLLBACK');
    let attempts = 0;
    class Deadlocked1700000000002 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        attempts += 1;
        if (attempts === 1) await runner.query(`DO $$ BEGIN RAISE deadlock_detected; END $$`);
      }

      async down(): Promise<void> {}
    }
    const dataSource = await open([Deadlocked1700000000002]);
    expect(attempts).toBe(2);
    await dataSource.destroy();
  });
});

describe('processes that start at the same moment', () => {
  it('do not wait for each other in a circle when one builds an index concurrently', async () => {
    await reader.query('COMMIT');
    const starts = Array.from({ length: 4 }, () => open([IndexNotes1700000000001], 5_000));
    for (const dataSource of await Promise.all(starts)) await dataSource.destroy();
    const { rows } = await reader.query(
      `SELECT indisvalid FROM pg_index WHERE indexrelid = 'notes_by_id'::regclass`,
    );
    expect(rows).toEqual([{ indisvalid: true }]);
    expect(warnings).toEqual([]);
  });
});

function open(migrations: (new () => MigrationInterface)[], lockWaitMs = 20_000) {
  const logger = {
    log: () => undefined,
    warn: (message: string) => void warnings.push(message),
    error: () => undefined,
  };
  const options = databaseOptions({ url, applicationName: 'spec', entities: [], migrations });
  return openDatabase(options, { lockWaitMs, lockTimeoutMs: LOCK_TIMEOUT_MS, logger });
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
