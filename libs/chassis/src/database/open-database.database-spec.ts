import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net';
import type { Client } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { DatabaseError } from '../errors/database-outage.js';
import { databaseOptions } from './database-options.js';
import { databaseReadiness } from './database-readiness.js';
import { openDatabase } from './open-database.js';
import { withClient } from './reach-database.js';

class CreateNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id int PRIMARY KEY)');
    await this.pause(runner);
    await runner.query('INSERT INTO notes VALUES (1)');
  }

  protected async pause(_runner: QueryRunner): Promise<void> {}

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notes');
  }
}

class CreateNotesSlowly1700000000000 extends CreateNotes1700000000000 {
  /** Long enough that another process would come between, were there no lock. */
  protected override async pause(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT pg_sleep(0.2)');
  }
}

class Broken1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (id int)');
    await runner.query('SELECT nonsense');
  }

  async down(): Promise<void> {}
}

class ReadGate1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT * FROM gate');
  }

  async down(): Promise<void> {}
}

const SLOW = [CreateNotesSlowly1700000000000];

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
const waits = { waitMs: 10_000, lockWaitMs: 5_000, logger: silent };
let url: string;

function optionsOf(address: string, migrations: (new () => object)[] = [CreateNotes1700000000000]) {
  return databaseOptions({ url: address, applicationName: 'spec', entities: [], migrations });
}

function withPath(address: string, database: string, user?: string): string {
  const other = new URL(address);
  other.pathname = `/${database}`;
  if (user) other.username = other.password = user;
  return other.href;
}

const codeOf = (code: DatabaseError['code']) => expect.objectContaining({ code }) as DatabaseError;

// The pool reports the connections that are lost here.
Logger.overrideLogger(false);

beforeEach(async () => {
  url = await freshDatabase();
});

describe('openDatabase', () => {
  it('migrates once when many processes start at the same moment', async () => {
    const starts = Array.from({ length: 4 }, () => openDatabase(optionsOf(url, SLOW), waits));
    const opened = await Promise.all(starts);
    expect(await opened[0]?.query('SELECT id FROM notes')).toEqual([{ id: 1 }]);
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
  });

  it('leaves nothing of a migration that fails, and lets go of the lock', async () => {
    const broken = [CreateNotes1700000000000, Broken1700000000001];
    await expect(openDatabase(optionsOf(url, broken), waits)).rejects.toThrow(/nonsense/);
    const dataSource = await openDatabase(optionsOf(url), waits);
    expect(
      await dataSource.query(`SELECT to_regclass('notes') IS NOT NULL AS notes,
      to_regclass('half') IS NOT NULL AS half`),
    ).toEqual([{ notes: true, half: false }]);
    await dataSource.destroy();
  });

  it('says so when another process holds the lock for too long', async () => {
    await withClient(url, async (client) => {
      await client.query('SELECT pg_advisory_lock(7296518034)');
      const opening = openDatabase(optionsOf(url), { ...waits, lockWaitMs: 50 });
      await expect(opening).rejects.toEqual(codeOf('lock_timeout'));
    });
  });

  it('survives the loss of the lock in the midst of a migration', async () => {
    await withClient(url, async (client) => {
      await client.query('CREATE TABLE gate ()');
      await client.query('BEGIN');
      await client.query('LOCK TABLE gate');
      const opening = openDatabase(optionsOf(url, [ReadGate1700000000002]), waits);
      await expect.poll(() => endLockSessions(client), { timeout: 10_000 }).toBe(1);
      await client.query('COMMIT');
      await (await opening).destroy();
    });
  });

  it('makes a missing database, also when many processes miss it at once', async () => {
    const missing = withPath(url, `missing "${Date.now()}"`);
    const starts = Array.from({ length: 3 }, () => openDatabase(optionsOf(missing, SLOW), waits));
    const opened = await Promise.all(starts);
    expect(await opened[2]?.query('SELECT id FROM notes')).toEqual([{ id: 1 }]);
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
  });

  it('says what to do when it may not make the missing database', async () => {
    const user = `guest_${Date.now()}`;
    await withClient(url, (client) => client.query(`CREATE ROLE ${user} LOGIN PASSWORD '${user}'`));
    const opening = openDatabase(optionsOf(withPath(url, 'nowhere', user)), waits);
    await expect(opening).rejects.toEqual(codeOf('missing'));
    await expect(opening).rejects.toThrow(/CREATE DATABASE "nowhere" OWNER/);
  });

  it('refuses a wrong password at once', async () => {
    const wrong = new URL(url);
    wrong.password = 'wrong';
    const longWait = { ...waits, waitMs: 600_000 };
    const opening = openDatabase(optionsOf(wrong.href), longWait);
    await expect(opening).rejects.toEqual(codeOf('refused'));
    await expect(opening).rejects.toThrow(
      /^Postgres at \S+:\d+ cannot be used: password authentication failed/,
    );
  });

  it('gives up on a server that never comes', async () => {
    const nobody = withPath(`postgres://a:b@127.0.0.1:${await closedPort()}`, 'x');
    const opening = openDatabase(optionsOf(nobody), { ...waits, waitMs: 0 });
    await expect(opening).rejects.toEqual(codeOf('unreachable'));
    await expect(opening).rejects.toThrow(
      /^Postgres at 127\.0\.0\.1:\d+ cannot be reached, after 0 s of trying$/,
    );
  });

  it('says of a server that has no connection left what it answered', async () => {
    const guest = `guest_${Date.now()}`;
    await withClient(url, (client) =>
      client.query(`CREATE ROLE ${guest} LOGIN PASSWORD '${guest}' CONNECTION LIMIT 0`),
    );
    const full = withPath(url, new URL(url).pathname.slice(1), guest);
    const opening = openDatabase(optionsOf(full), { ...waits, waitMs: 0 });
    await expect(opening).rejects.toThrow(/ has no connection left, after 0 s of trying$/);
  });

  it('waits for a server that comes later', async () => {
    const port = await closedPort();
    const opening = openDatabase(optionsOf(withPort(url, port)), waits);
    const proxy = forward(port, Number(new URL(url).port));
    const dataSource = await opening;
    expect(await databaseReadiness(dataSource).check()).toBeUndefined();
    await dataSource.destroy();
    proxy.close();
  });
});

describe('an open database', () => {
  it('survives the loss of all its connections, idle or in a transaction', async () => {
    const dataSource = await openDatabase(optionsOf(url), waits);
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await Promise.all([dataSource.query('SELECT 1'), dataSource.query('SELECT 1')]);
    await withClient(url, (client) =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'spec' AND datname = current_database()`),
    );
    await expect(runner.query('SELECT 1')).rejects.toThrow();
    await runner.release();
    await expect.poll(() => databaseReadiness(dataSource).check()).toBeUndefined();
    await dataSource.destroy();
  });

  it('probes a connection after 10 s of silence, also while a migration runs', async () => {
    const probed = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const dataSource = await openDatabase(optionsOf(url), waits);
    await dataSource.destroy();
    // To reach the server, with the lock, for the migrations, and in the pool.
    expect(probed.mock.calls).toEqual(Array.from({ length: 4 }, () => [true, 10_000]));
    probed.mockRestore();
  });

  it('bounds a statement, a wait inside a transaction and a server that is silent', async () => {
    const dataSource = await openDatabase(optionsOf(url), waits);
    const settings = await dataSource.query<{ setting: string }[]>(`SELECT setting FROM pg_settings
      WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`);
    expect(settings.map(({ setting }) => Number(setting))).toEqual([30_000, 10_000]);
    await dataSource.destroy();
  });

  it('is not ready once it is closed', async () => {
    const dataSource = await openDatabase(optionsOf(url), waits);
    await dataSource.destroy();
    expect(await databaseReadiness(dataSource).check()).toBe('cannot be reached');
  });
});

// Seconds of waiting: at the same time, each on a database of its own.
describe.concurrent('time limits', () => {
  it('end the wait for a server that answers no more', async () => {
    const url = await freshDatabase();
    const asking = withClient(url, (client) => client.query('SELECT pg_sleep(60)'), 2_000);
    await expect(asking).rejects.toThrow('Query read timeout');
  });

  it('are those that an open database was given', async () => {
    const url = await freshDatabase();
    const limits = { poolSize: 3, connectWaitMs: 2_000, statementTimeoutMs: 100 };
    const none = { entities: [], migrations: [] };
    const options = databaseOptions({ url, applicationName: 'spec', ...none, limits });
    const dataSource = await openDatabase(options, waits);
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toThrow(/statement timeout/);
    const runners = Array.from({ length: 3 }, () => dataSource.createQueryRunner());
    for (const runner of runners) await runner.connect();
    await expect(dataSource.query('SELECT 1')).rejects.toThrow(/timeout exceeded/);
    for (const runner of runners) await runner.release();
    await dataSource.destroy();
  });

  it('leave no connection in use on which the server fell silent', async () => {
    const url = await freshDatabase();
    const options = optionsOf(url);
    const impatient = {
      ...options,
      poolSize: 1,
      extra: { ...options.extra, query_timeout: 2_000 },
    };
    const dataSource = await openDatabase(impatient, waits);
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await dataSource.destroy();
  });
});

/** How many sessions held the migration lock, while a migration waits for the gate. */
async function endLockSessions(client: Client): Promise<number | null> {
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND EXISTS (SELECT FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted)`,
  );
  return rowCount;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function withPort(address: string, port: number): string {
  const other = new URL(address);
  other.port = String(port);
  return other.href;
}

function forward(from: number, to: number): Server {
  return createServer((near) => {
    const far = connect(to, '127.0.0.1');
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
  }).listen(from, '127.0.0.1');
}
