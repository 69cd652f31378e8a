import type pg from 'pg';
import { describe, expect, it } from 'vitest';

import { poolOf } from './database-pool.js';
import { databaseReadiness } from './database-readiness.js';
import { DisturbedDatabase, END_CONNECTIONS, reasonOf } from './disturbed-database.fixture.js';

const database = DisturbedDatabase.forEachTest();

describe('a database that turned read-only', () => {
  it('leaves no connection behind that still is, once it accepts writes again', async () => {
    const dataSource = await database.open(database.url, 5);
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
    await database.administer(database.set('default_transaction_read_only = on'), END_CONNECTIONS);
    await expect.poll(() => databaseReadiness(dataSource).check()).toBe('is read-only');
    // Five connections that are open and read-only. One of them learns of it.
    await Promise.all(Array.from({ length: 5 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    await database.administer(database.reset('default_transaction_read_only'));
    expect(await reasonOf(dataSource.query('INSERT INTO notes VALUES (100)'))).toBe('is read-only');
    const results = await writeFiveTimes(10);
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'));
    expect(await databaseReadiness(dataSource).check()).toBeUndefined();
  });

  it('is found by readiness, which replaces the connections as well', async () => {
    const dataSource = await database.open(database.url, 3);
    await database.administer(database.set('default_transaction_read_only = on'), END_CONNECTIONS);
    await expect.poll(() => reasonOf(dataSource.query('CREATE TABLE x ()'))).toBe('is read-only');
    await Promise.all(Array.from({ length: 3 }, () => dataSource.query('SELECT pg_sleep(0.1)')));
    const readiness = databaseReadiness(dataSource);
    expect(await readiness.check()).toBe('is read-only');
    await database.administer(database.reset('default_transaction_read_only'));
    expect(await readiness.check()).toBeUndefined();
    await Promise.all([1, 2, 3].map((id) => dataSource.query(`INSERT INTO notes VALUES (${id})`)));
  });
});

it('a connection that is ended while somebody holds it fails their next query, and nothing else', async () => {
  // An error event that nobody listens to would end the process, and here the test run.
  const client = await poolOf(await database.open()).connect();
  await database.administer(END_CONNECTIONS);
  expect(await reasonOf(client.query('SELECT 1'))).toBeDefined();
  client.release(true);
});

it('a busy pool stays with the way that works, and tries no other', async () => {
  const { username, password, port } = new URL(database.url);
  const hosts = `127.0.0.1:${port},localhost:${port}`;
  const address = `postgres://${username}:${password}@${hosts}/${database.name}`;
  const pool = poolOf(await database.open(address, 1, 200));
  const only = await pool.connect();
  expect(await reasonOf(pool.connect())).toBe('cannot be reached');
  only.release(true);
  const next = (await pool.connect()) as pg.PoolClient & { readonly host: string };
  next.release();
  expect(next.host).toBe('127.0.0.1');
});

it('does not depend on what the database says about formats, isolation and schemas', async () => {
  await database.administer(
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
    ].map((setting) => database.set(setting)),
  );
  const dataSource = await database.open();
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
