import { RevocationSourceError } from '@jwt-auth/jwt-core';
import type { DataSource } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';

import { databaseOutage } from './database-outage.js';
import { databaseReadiness } from '../database/database-readiness.js';
import {
  DisturbedDatabase,
  END_CONNECTIONS,
  reasonOf,
} from '../database/disturbed-database.fixture.js';
import { withClient } from '../database/reach-database.js';

/** As an account that may do little, with a password that can be changed. */
async function asGuest(database: DisturbedDatabase): Promise<{ name: string; url: string }> {
  const name = `guest_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  await database.administer(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
  const address = new URL(database.url);
  address.username = address.password = name;
  return { name, url: address.href };
}

describe('an error of Postgres is an outage', () => {
  const database = DisturbedDatabase.forAllTests();
  let dataSource: DataSource;
  beforeAll(async () => {
    dataSource = await database.open();
  });

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
    expect(await reasonOf(dataSource.query(statement))).toBeUndefined();
  });
});

describe('it is an outage', () => {
  const database = DisturbedDatabase.forEachTest();

  it('when a connection dies between two statements', async () => {
    const dataSource = await database.open();
    const work = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO notes VALUES (1)');
      await database.administer(END_CONNECTIONS);
      await expect.poll(() => manager.queryRunner?.isReleased).toBe(true);
      await manager.query('INSERT INTO notes VALUES (2)');
    });
    expect(await reasonOf(work)).toBe('cannot be reached');
    expect(await dataSource.query('SELECT * FROM notes')).toEqual([]);
  });

  it('when a lock or a statement takes longer than a setting of the database allows', async () => {
    await database.administer(database.set('lock_timeout = 50'));
    const dataSource = await database.open();
    await withClient(database.url, async (client) => {
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
    const guest = await asGuest(database);
    const dataSource = await database.open(guest.url);
    await database.administer(`ALTER ROLE ${guest.name} PASSWORD 'another'`, END_CONNECTIONS);
    await expect.poll(() => reasonOf(dataSource.query('SELECT 1'))).toBe('refuses the login');
    expect(await databaseReadiness(dataSource).check()).toBe('refuses the login');
    await database.administer(
      `ALTER ROLE ${guest.name} PASSWORD '${guest.name}' CONNECTION LIMIT 0`,
    );
    expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('has no connection left');
    expect(await databaseReadiness(dataSource).check()).toBe('has no connection left');
    await database.administer(`ALTER ROLE ${guest.name} CONNECTION LIMIT -1`);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await databaseReadiness(dataSource).check()).toBeUndefined();
  });

  it('when every connection of the pool is in use', async () => {
    const dataSource = await database.open(database.url, 1, 200);
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1');
      expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('cannot be reached');
    });
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('when the pool was closed', async () => {
    const dataSource = await database.open();
    await dataSource.destroy();
    expect(await reasonOf(dataSource.query('SELECT 1'))).toBe('cannot be reached');
  });
});

it.each(['ENOENT', 'EACCES'])('%s is an outage of a connection, and of no file', (code) => {
  const failure = (syscall: string) =>
    databaseOutage(Object.assign(new Error('failed'), { code, syscall }))?.reason;
  expect(failure('connect')).toBe('cannot be reached');
  expect(failure('open')).toBeUndefined();
});

it('an outage is found behind a failure of the feed that it caused, and behind no other', () => {
  const failure = (cause: unknown) =>
    databaseOutage(new RevocationSourceError('unavailable', 'cannot be read', { cause }))?.reason;
  expect(failure(Object.assign(new Error('ended'), { code: '57P01' }))).toBe(
    'was stopped, or is starting',
  );
  // What its connection finds by itself, as that nothing answers any more.
  expect(failure(undefined)).toBe('cannot be reached');
  expect(failure(new Error('a bug'))).toBeUndefined();
});
