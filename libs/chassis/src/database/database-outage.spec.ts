import { createTcpProxy } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { RevocationSourceError } from '@jwt-auth/jwt-core';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { databaseOptions } from './database-options.js';
import { databaseOutage } from './database-outage.js';
import { poolOf } from './database-pool.js';
import { databaseReadiness } from './database-readiness.js';
import { openDatabase } from './open-database.js';
import { withClient } from './reach-database.js';

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
Logger.overrideLogger(false);

let url: string;
let database: string;
let opened: DataSource[];

beforeEach(async () => {
  url = await freshDatabase();
  database = new URL(url).pathname.slice(1);
  opened = [];
  await administer('CREATE TABLE notes (id int PRIMARY KEY, text text)');
});
afterEach(() => Promise.all(opened.map((dataSource) => dataSource.destroy())));

async function open(address = url, poolSize?: number): Promise<DataSource> {
  const description = { applicationName: 'spec', entities: [], migrations: [], poolSize };
  const dataSource = await openDatabase(databaseOptions({ url: address, ...description }), {
    logger: silent,
  });
  opened.push(dataSource);
  return dataSource;
}

/** From another connection to the same database. */
function administer(...statements: readonly string[]): Promise<void> {
  return withClient(url, async (client) => {
    await client.query('SET default_transaction_read_only = off');
    for (const statement of statements) await client.query(statement);
  });
}

const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'spec' AND datname = current_database()`;

const set = (setting: string) => `ALTER DATABASE "${database}" SET ${setting}`;

/** What the failure of some work says of the database. */
async function reasonOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return databaseOutage(error)?.reason;
}

/** As an account that may do little, with a password that can be changed. */
async function asGuest(): Promise<{ name: string; url: string }> {
  const name = `guest_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  await administer(
    `CREATE ROLE ${name} LOGIN PASSWORD '${name}'`,
    `GRANT CREATE ON SCHEMA public TO ${name}`,
  );
  const address = new URL(url);
  address.username = address.password = name;
  return { name, url: address.href };
}

describe('an error of Postgres is an outage', () => {
  it.each([
    ['08006', 'cannot be reached'],
    ['25006', 'is read-only'],
    ['25P04', 'ended a transaction that took too long'],
    ['28P01', 'refuses the login'],
    ['28000', 'refuses the login'],
    ['40001', 'had to undo one of two transactions'],
    ['40P01', 'had to undo one of two transactions'],
    ['53000', 'has no resources left'],
    ['53100', 'has no space left on disk'],
    ['55000', 'is not in a state for this'],
    ['55006', 'is not in a state for this'],
    ['55P03', 'could not lock a row or table in time'],
    ['57014', 'canceled a statement, or it took too long'],
    ['57P01', 'was stopped, or is starting'],
    ['57P05', 'was stopped, or is starting'],
    ['58030', 'has a fault of its system'],
  ])('when its code is %s', async (code, reason) => {
    const dataSource = await open();
    const raise = `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`;
    expect(await reasonOf(dataSource.query(raise))).toBe(reason);
    expect(await reasonOf(dataSource.transaction((manager) => manager.query(raise)))).toBe(reason);
  });

  it.each([
    ['a wrong statement', 'SELECT nonsense'],
    ['a value that is there already', 'INSERT INTO notes VALUES (1), (1)'],
    ['a number out of range', 'SELECT 1 / 0'],
    ['a missing right', `DO $$ BEGIN RAISE insufficient_privilege; END $$`],
  ])('but not for %s', async (_name, statement) => {
    const dataSource = await open();
    expect(await reasonOf(dataSource.query(statement))).toBeUndefined();
  });
});

describe('it is an outage', () => {
  it('when a connection dies between two statements', async () => {
    const dataSource = await open();
    const work = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO notes VALUES (1)');
      await administer(END_CONNECTIONS);
      await expect.poll(() => manager.queryRunner?.isReleased).toBe(true);
      await manager.query('INSERT INTO notes VALUES (2)');
    });
    expect(await reasonOf(work)).toBe('cannot be reached');
    expect(await dataSource.query('SELECT * FROM notes')).toEqual([]);
  });

  it('when a lock or a statement takes longer than a setting of the database allows', async () => {
    await administer(set('lock_timeout = 50'));
    const dataSource = await open();
    await withClient(url, async (client) => {
      await client.query('BEGIN; LOCK TABLE notes');
      const waiting = dataSource.query('INSERT INTO notes VALUES (1)');
      expect(await reasonOf(waiting)).toBe('could not lock a row or table in time');
    });
    const slow = dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 50');
      await manager.query('SELECT pg_sleep(30)');
    });
    expect(await reasonOf(slow)).toBe('canceled a statement, or it took too long');
  });

  it('when the login is refused, or no connection is left, until that has passed', async () => {
    const guest = await asGuest();
    const dataSource = await open(guest.url);
    await administer(`ALTER ROLE ${guest.name} PASSWORD 'another'`, END_CONNECTIONS);
    await expect.poll(() => reasonOf(dataSource.query('SELECT 1'))).toBe('refuses the login');
    expect(await databaseReadiness(dataSource).check()).toBe('cannot be reached');
    await administer(`ALTER ROLE ${guest.name} PASSWORD '${guest.name}' CONNECTION LIMIT 0`);
    expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('has no connection left');
    await administer(`ALTER ROLE ${guest.name} CONNECTION LIMIT -1`);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await databaseReadiness(dataSource).check()).toBeUndefined();
  });

  it('when every connection of the pool is in use', async () => {
    const options = databaseOptions({
      url,
      applicationName: 'spec',
      entities: [],
      migrations: [],
      poolSize: 1,
    });
    const dataSource = await openDatabase({ ...options, connectTimeoutMS: 200 });
    opened.push(dataSource);
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1');
      expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('cannot be reached');
    });
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('when the pool was closed', async () => {
    const dataSource = await open();
    opened = [];
    await dataSource.destroy();
    expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('cannot be reached');
  });
});

describe('a database that turned read-only', () => {
  it('leaves no connection behind that still is, once it accepts writes again', async () => {
    const dataSource = await open(url, 5);
    const writeFiveTimes = (from: number) =>
      Promise.allSettled(
        Array.from({ length: 5 }, (_, index) =>
          dataSource.transaction(async (manager) => {
            await manager.query(`INSERT INTO notes VALUES (${from + index})`);
            await manager.query('SELECT pg_sleep(0.1)');
          }),
        ),
      );
    await writeFiveTimes(1);
    await administer(set('default_transaction_read_only = on'), END_CONNECTIONS);
    await expect.poll(() => databaseReadiness(dataSource).check()).toBe('is read-only');
    // Five connections that are open and read-only. One of them learns of it.
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    await administer(`ALTER DATABASE "${database}" RESET default_transaction_read_only`);
    expect(await reasonOf(dataSource.query('INSERT INTO notes VALUES (100)'))).toBe('is read-only');
    const results = await writeFiveTimes(10);
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'));
    expect(await databaseReadiness(dataSource).check()).toBeUndefined();
  });

  it('is found by readiness, which replaces the connections as well', async () => {
    const dataSource = await open(url, 3);
    await administer(set('default_transaction_read_only = on'), END_CONNECTIONS);
    await expect.poll(() => reasonOf(dataSource.query('CREATE TABLE x ()'))).toBe('is read-only');
    await Promise.all(Array.from({ length: 3 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    const readiness = databaseReadiness(dataSource);
    expect(await readiness.check()).toBe('is read-only');
    await administer(`ALTER DATABASE "${database}" RESET default_transaction_read_only`);
    expect(await readiness.check()).toBeUndefined();
    await Promise.all([1, 2, 3].map((id) => dataSource.query(`INSERT INTO notes VALUES (${id})`)));
  });
});

describe('readiness', () => {
  it('reports a silent server within two seconds, and its return at the next check', async () => {
    const address = new URL(url);
    const proxy = await createTcpProxy(Number(address.port));
    address.port = String(proxy.port);
    const dataSource = await open(address.href, 5);
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    const readiness = databaseReadiness(dataSource);
    // No connection that is open works any more, and none of them shows it.
    proxy.halfOpen();
    const startedAt = performance.now();
    expect(await readiness.check()).toBe('does not answer');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect.poll(() => readiness.check(), { timeout: 2_000 }).toBeUndefined();
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    await proxy.close();
  });

  it('asks the database once for any number of simultaneous checks', async () => {
    const dataSource = await open(url, 1);
    const readiness = databaseReadiness(dataSource);
    const calls = () =>
      withClient(url, async (client) => {
        // The counters of a session reach the others with some delay.
        const { rows } = await client.query<{ commits: number }>(
          `SELECT xact_commit::int AS commits FROM pg_stat_database WHERE datname = current_database()`,
        );
        return rows[0]?.commits ?? NaN;
      });
    await Promise.all(Array.from({ length: 200 }, async () => readiness.check()));
    expect(await calls()).toBeLessThan(100);
  });
});

it('is behind a failure of the feed that it caused, and behind no other', () => {
  const failure = (cause: unknown) =>
    databaseOutage(new RevocationSourceError('unavailable', 'cannot be read', { cause }))?.reason;
  expect(failure(Object.assign(new Error('ended'), { code: '57P01' }))).toBe(
    'was stopped, or is starting',
  );
  expect(failure(new Error('a bug'))).toBeUndefined();
});

it('a connection that is ended while somebody holds it fails their next query, and nothing else', async () => {
  // An error event that nobody listens to would end the process, and here the test run.
  const client = await poolOf(await open()).connect();
  await administer(END_CONNECTIONS);
  expect(await reasonOf(client.query('SELECT 1'))).toBeDefined();
  client.release(true);
});

describe('a transaction', () => {
  it('is run again after a deadlock, however many were undone', async () => {
    const dataSource = await open();
    await dataSource.query(`INSERT INTO notes VALUES (1, ''), (2, '')`);
    let runs = 0;
    const append = (first: number, second: number, letter: string) =>
      dataSource.transaction(async (manager) => {
        runs += 1;
        for (const id of [first, second]) {
          await manager.query('UPDATE notes SET text = text || $1 WHERE id = $2', [letter, id]);
          await manager.query('SELECT pg_sleep(0.2)');
        }
      });
    await Promise.all([append(1, 2, 'a'), append(2, 1, 'b')]);
    expect(runs).toBeGreaterThan(2);
    const texts = await dataSource.query<{ text: string }[]>('SELECT text FROM notes');
    for (const { text } of texts) expect([...text].sort()).toEqual(['a', 'b']);
  });

  it('is run again when it could not be serialized, also through the manager', async () => {
    const dataSource = await open();
    await dataSource.query(`INSERT INTO notes VALUES (1, '')`);
    let runs = 0;
    await dataSource.manager.transaction('REPEATABLE READ', async (manager) => {
      runs += 1;
      await manager.query('SELECT * FROM notes');
      if (runs === 1) await administer(`UPDATE notes SET text = 'x'`);
      await manager.query(`UPDATE notes SET text = text || 'y'`);
    });
    expect(await dataSource.query('SELECT text FROM notes')).toEqual([{ text: 'xy' }]);
    expect(runs).toBe(2);
  });

  it('is given up after four attempts, and not run again for any other reason', async () => {
    const dataSource = await open();
    const runsWith = async (code: string) => {
      let runs = 0;
      const work = dataSource.transaction(async (manager) => {
        runs += 1;
        await manager.query(`DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '${code}'; END $$`);
      });
      await expect(work).rejects.toThrow();
      return runs;
    };
    expect(await runsWith('40001')).toBe(4);
    expect(await runsWith('57014')).toBe(1);
    expect(await runsWith('23505')).toBe(1);
  });

  it('is run again on another connection when a prepared statement is outdated', async () => {
    const dataSource = await open(url, 1);
    const list = () =>
      dataSource.transaction((manager) =>
        manager.query({ name: 'list', text: 'SELECT * FROM notes' } as unknown as string),
      );
    await list();
    await administer('ALTER TABLE notes ADD COLUMN colour text');
    expect(await list()).toEqual([]);
  });
});

it('does not depend on what the database says about formats, isolation and schemas', async () => {
  await administer(
    ...[
      `DateStyle = 'German, DMY'`,
      `IntervalStyle = 'iso_8601'`,
      `TimeZone = 'America/New_York'`,
      `bytea_output = 'escape'`,
      `extra_float_digits = -15`,
      `array_nulls = off`,
      `standard_conforming_strings = off`,
      `default_transaction_isolation = 'serializable'`,
      `search_path = 'nowhere'`,
    ].map(set),
  );
  const dataSource = await open();
  const [row] = await dataSource.query<object[]>(
    `SELECT '2026-03-04T05:06:07.891Z'::timestamptz AS at, '2026-03-04T05:06Z'::timestamptz::text AS text,
       '\\x00ff5c'::bytea AS bytes, 0.1::float8 + 0.2::float8 AS number, '{NULL}'::text[] AS list,
       interval '90 minutes'::text AS length, 'a\\b' AS backslash,
       current_setting('transaction_isolation') AS isolation`,
  );
  expect(row).toEqual({
    at: new Date('2026-03-04T05:06:07.891Z'),
    text: '2026-03-04 05:06:00+00',
    bytes: Buffer.from([0, 255, 0x5c]),
    number: 0.1 + 0.2,
    list: [null],
    length: '01:30:00',
    backslash: 'a\\b',
    isolation: 'read committed',
  });
  await dataSource.query('INSERT INTO notes VALUES (1)');
});
