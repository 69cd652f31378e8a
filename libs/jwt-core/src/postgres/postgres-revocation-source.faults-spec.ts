import {
  createTcpProxy,
  startPostgres,
  type PostgresServer,
  type TcpProxy,
} from '@jwt-auth/dev-stack';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';
import { ids, jti, now, waiting } from './own-feed.fixture.js';
import { PostgresRevocationSource } from './postgres-revocation-source.js';

let server: PostgresServer;
let proxy: TcpProxy;
let database: MigratedDatabase;
let source: PostgresRevocationSource;
let cursor: string;
const lost = vi.fn<(reason: Error) => void>();

const dir = join(tmpdir(), `jwt-core-${randomUUID()}`);
beforeAll(async () => {
  server = await startPostgres({ dir, ephemeral: true });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  lost.mockClear();
  database = await migratedDatabase(await server.createDatabase(`test_${randomUUID()}`));
  proxy = await createTcpProxy(server.port);
  const connection = new URL(database.url);
  connection.port = String(proxy.port);
  source = new PostgresRevocationSource({ connection: connection.href, onConnectionLost: lost });
  ({ cursor } = await source.read(undefined, now));
});
afterEach(async () => {
  source.close();
  await proxy.close();
  await database.close();
});

/**
 * How long a read with `waiting` waits. An answer in half of it did not come from the end of the
 * wait.
 */
const WAIT_MS = waiting.waitSeconds * 1_000;

/** How long something takes, in milliseconds. */
async function took(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
}
const reading = (after = cursor) =>
  expect.poll(() => source.read(after, now), { interval: 20 }).toMatchObject({ reset: false });

describe('a lost connection', () => {
  it('whose backend is killed is replaced, and waiting reads go on', async () => {
    const answer = source.read(cursor, waiting);
    await expect.poll(() => source.waitingReads).toBe(1);
    await database.dataSource.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'jwt-core%'`);
    const entry = jti();
    await database.revoke(entry);
    expect(await took(answer)).toBeLessThan(WAIT_MS / 2);
    expect(ids(await answer)).toEqual([entry.id]);
    expect(lost).toHaveBeenCalledOnce();
  });

  it('that is half open is found and replaced, long before a wait is over', async () => {
    await reading();
    const answer = source.read(cursor, waiting);
    await expect.poll(() => source.waitingReads).toBe(1);
    proxy.halfOpen();
    const entry = jti();
    await database.revoke(entry);
    expect(await took(answer)).toBeLessThan(WAIT_MS * 0.75);
    expect(ids(await answer)).toEqual([entry.id]);
    expect(lost.mock.calls[0]![0].message).toMatch(/no longer answers/);
  });

  it('of pages alone that is half open is replaced before a follower gives up', async () => {
    const sockets: Socket[] = [];
    const stream = () => {
      sockets.push(new Socket());
      return sockets.at(-1)!;
    };
    const pages = new PostgresRevocationSource({
      connection: { connectionString: database.url, stream },
    });
    try {
      await pages.read(undefined, now);
      const [, ofPages] = sockets;
      ofPages?.pause();
      const refused = expect(pages.read(undefined, now)).rejects.toMatchObject({
        code: 'unavailable',
      });
      expect(await took(refused)).toBeLessThan(9_000);
      expect(await pages.read(undefined, now)).toMatchObject({ reset: true });
      expect(sockets).toHaveLength(3);
    } finally {
      pages.close();
    }
  });

  it('by which nothing comes any more is an error, never an empty answer', async () => {
    proxy.pause();
    const refused = expect(source.read(cursor, now)).rejects.toMatchObject({ code: 'unavailable' });
    await refused;
    await expect(source.read(cursor, { waitSeconds: 1 })).rejects.toMatchObject({
      code: 'unavailable',
    });
    proxy.resume();
    await reading();
  });

  it('for longer than a wait ends the wait with an error', async () => {
    const answer = source.read(cursor, { waitSeconds: 5 });
    const outcome = expect(answer).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => source.waitingReads).toBe(1);
    proxy.cut();
    await outcome;
  });

  it('is made good, with what was published meanwhile', async () => {
    proxy.cut();
    await expect(source.read(cursor, now)).rejects.toMatchObject({ code: 'unavailable' });
    const entry = jti();
    await database.revoke(entry);
    proxy.resume();
    await reading();
    expect(ids(await source.read(cursor, now))).toEqual([entry.id]);
  });
});

it('lost notifications are compensated, long before a wait is over', async () => {
  await database.dataSource.query('ALTER TABLE revoked_tokens DISABLE TRIGGER ALL');
  const answer = source.read(cursor, waiting);
  await expect.poll(() => source.waitingReads).toBe(1);
  const entry = jti();
  await database.revoke(entry);
  expect(await took(answer)).toBeLessThan(WAIT_MS / 2);
  expect(ids(await answer)).toEqual([entry.id]);
});

it('a table that is missing, or locked, is an error, until it is there', async () => {
  await database.dataSource.query('ALTER TABLE revoked_tokens RENAME TO away');
  await expect(source.read(cursor, now)).rejects.toMatchObject({ code: 'unavailable' });
  await database.dataSource.query('ALTER TABLE away RENAME TO revoked_tokens');
  await reading();
  const migration = database.dataSource.createQueryRunner();
  await migration.startTransaction();
  await migration.query('LOCK TABLE revoked_tokens');
  await expect(source.read(cursor, now)).rejects.toMatchObject({ code: 'unavailable' });
  await migration.commitTransaction();
  await migration.release();
  await reading();
});

it('settings of the database change nothing', async () => {
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [
    `search_path = 'nowhere'`,
    `default_transaction_isolation = 'serializable'`,
    `bytea_output = 'escape'`,
    `TimeZone = 'Asia/Tokyo'`,
    `DateStyle = 'SQL, YMD'`,
  ]) {
    await database.dataSource.query(`ALTER DATABASE "${name}" SET ${setting}`);
  }
  proxy.cut();
  proxy.resume();
  await reading();
  const entry = jti();
  await database.revoke(entry);
  expect(await source.read(cursor, now)).toMatchObject({ reset: false, entries: [entry] });
  // From the beginning: the pages come over a connection of their own.
  expect(await source.read(undefined, now)).toMatchObject({ reset: true, entries: [entry] });
});

describe('a restart', () => {
  it.each(['stop', 'kill'] as const)('of the server by %s keeps cursors valid', async (how) => {
    const [before, after] = [jti(), jti()];
    await database.revoke(before);
    const batch = await source.read(cursor, now);
    await database.close();
    await server[how]();
    await server.restart();
    database = await migratedDatabase(database.url);
    await database.revoke(after);
    await reading(batch.cursor);
    expect(await source.read(batch.cursor, now)).toMatchObject({ reset: false, entries: [after] });
    expect(await source.read(cursor, now)).toMatchObject({ entries: [before, after] });
  });

  it('after a crash hides nothing that is published under an id given out twice', async () => {
    // Keeps what does not have to be on disk off it.
    await database.dataSource.query(`ALTER SYSTEM SET wal_writer_delay = '10s'`);
    await database.dataSource.query('SELECT pg_reload_conf()');
    // Until the WAL writer has slept to the end of its old, short delay.
    await database.dataSource.query('SELECT pg_sleep(0.5)');
    const givenOut = (): Promise<[{ xid: string }]> =>
      database.dataSource.query('SELECT pg_current_xact_id()::text AS xid');
    let last = 0n;
    for (let n = 0; n < 20; n++) last = BigInt((await givenOut())[0].xid);
    ({ cursor } = await source.read(cursor, now));
    await database.close();
    await server.kill();
    await server.restart();
    database = await migratedDatabase(database.url);
    const entry = jti();
    await database.revoke(entry);
    const [published]: [{ xid: string }] = await database.dataSource.query(
      'SELECT xid::text FROM revoked_tokens',
    );
    expect(BigInt(published.xid)).toBeLessThanOrEqual(last);
    // Until the database has come as far as before, readers are given everything, to be safe.
    await expect.poll(() => source.read(cursor, now)).toMatchObject({ entries: [entry] });
    for (let n = 0; n < 20; n++) await givenOut();
    await reading();
    expect(ids(await source.read(cursor, now))).toEqual([entry.id]);
  });

  it('from an older copy of the disk sends everyone a snapshot', async () => {
    const copy = `${server.dataDir}-copy`;
    const [before, after] = [jti(), jti()];
    await database.revoke(before);
    await database.close();
    await server.stop();
    execFileSync('cp', ['-a', server.dataDir, copy]);
    await server.restart();
    database = await migratedDatabase(database.url);
    for (let n = 0; n < 50; n++) await database.revoke(jti());
    await reading();
    ({ cursor } = await source.read(cursor, now));
    await database.close();
    await server.stop();
    rmSync(server.dataDir, { recursive: true });
    renameSync(copy, server.dataDir);
    await server.restart();
    database = await migratedDatabase(database.url);
    await database.revoke(after);
    const snapshot = { reset: true, entries: [before, after] };
    await expect.poll(() => source.read(cursor, now)).toMatchObject(snapshot);
    const batch = await source.read(cursor, now);
    const next = jti();
    await database.revoke(next);
    expect(await source.read(batch.cursor, now)).toMatchObject({ reset: false, entries: [next] });
  });
});
