import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from '../migrated-database.fixture.js';
import { FeedConnection } from './connection.js';
import { PageReader } from './page-reader.js';
import { THE_BEGINNING } from './cursor.js';
import { PAGE_SIZE } from '../../revocation/revocation-source.js';
import { readEnd, readPage } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

let database: MigratedDatabase;
let recent: RecentRevocations;
let closing: AbortController;

beforeAll(async () => {
  database = await migratedDatabase();
  await database.revoke({ kind: 'jti', id: 'a', exp: 2_000_000_000 });
});
afterAll(() => database.close());
beforeEach(async () => {
  closing = new AbortController();
  const connection = await FeedConnection.open({
    ...options(),
    name: 'spec',
    statementTimeoutMs: 0,
  });
  recent = new RecentRevocations(connection.cursors, await readEnd(connection));
  connection.destroy();
});
afterEach(() => closing.abort());

const options = (url = database.url) => ({
  config: { connectionString: url },
  signal: closing.signal,
});
const connections = async (): Promise<unknown> =>
  database.dataSource.query(`SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE '%(pages)'`);

it('reads each page once for all readers of it', async () => {
  const reader = new PageReader(options());
  const queries = vi.spyOn(FeedConnection.prototype, 'query');
  const asked = [THE_BEGINNING, THE_BEGINNING, recent.place, THE_BEGINNING, recent.place];
  const pages = await Promise.all(asked.map((place) => reader.read(place, recent)));
  expect(queries).toHaveBeenCalledTimes(2);
  queries.mockRestore();
  expect(pages.map(({ entries }) => entries.length)).toEqual([1, 1, 0, 1, 0]);
});

it('never returns a last page whose read began before the request', async () => {
  const reader = new PageReader(options());
  await reader.read(recent.place, recent);
  const queries = vi.spyOn(FeedConnection.prototype, 'query');
  const first = reader.read(THE_BEGINNING, recent);
  await expect.poll(() => queries).toHaveBeenCalled();
  expect(await reader.read(THE_BEGINNING, recent)).not.toBe(await first);
  queries.mockRestore();
});

it('returns a full page to all readers of a second, and later pages include late commits', async () => {
  const full = await migratedDatabase();
  const reader = new PageReader(options(full.url));
  const connection = await FeedConnection.open({
    ...options(full.url),
    name: 'spec',
    statementTimeoutMs: 0,
  });
  const recent = new RecentRevocations(connection.cursors, await readEnd(connection));
  const late = full.dataSource.createQueryRunner();
  await late.startTransaction();
  await late.query(`INSERT INTO revoked_tokens (kind, id, exp) VALUES ('sid', 'late', 2000000000)`);
  await full.dataSource.query(
    `INSERT INTO revoked_tokens (kind, id, exp)
     SELECT 'jti', n::text, 2000000000 FROM generate_series(1, $1::int) AS n`,
    [PAGE_SIZE + 1],
  );
  const first = await reader.read(THE_BEGINNING, recent);
  await late.commitTransaction();
  await late.release();
  expect(await reader.read(THE_BEGINNING, recent)).toBe(first);
  const rest = await reader.read(first.place, recent);
  expect(rest.entries.map(({ id }) => id)).toContain('late');
  expect([first.more, rest.more]).toEqual([true, false]);
  await full.close();
});

it('takes turns between callers: a page of one comes before a hundred of another', async () => {
  const reader = new PageReader(options());
  await reader.read(recent.place, recent);
  const places = Array.from({ length: 100 }, (_, n) => ({ ...THE_BEGINNING, xid: BigInt(n) }));
  let read = 0;
  const greedy = places.map((place) => reader.read(place, recent, 'one').then(() => read++));
  await reader.read({ ...THE_BEGINNING, xid: 1_000n }, recent, 'two');
  expect(read).toBeLessThan(5);
  await Promise.all(greedy);
});

it('refuses a 1,001st waiting page', async () => {
  const reader = new PageReader(options());
  const places = Array.from({ length: 1_001 }, (_, n) => ({ ...THE_BEGINNING, xid: BigInt(n) }));
  const pages = await Promise.allSettled(places.map((place) => reader.read(place, recent)));
  const refused = pages.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } });
});

it('closes a connection that is not used', async () => {
  const reader = new PageReader({ ...options(), idleMs: 50 });
  await reader.read(THE_BEGINNING, recent);
  await expect.poll(() => connections()).toEqual([]);
  expect((await reader.read(THE_BEGINNING, recent)).entries).toHaveLength(1);
});

it('goes on by another connection when one was lost meanwhile', async () => {
  const reader = new PageReader(options());
  await reader.read(THE_BEGINNING, recent);
  await database.dataSource.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE '%(pages)'`);
  const again = () => reader.read(THE_BEGINNING, recent);
  await expect.poll(async () => (await again()).entries).toHaveLength(1);
});

it('does not take another database for that of the recent revocations', async () => {
  const another = await migratedDatabase();
  const reader = new PageReader(options(another.url));
  await expect(reader.read(THE_BEGINNING, recent)).rejects.toMatchObject({ code: 'unavailable' });
  await another.close();
});

it('takes a reader as far as the recent ones at least, whose last may be pruned', async () => {
  const connection = await FeedConnection.open({
    ...options(),
    name: 'spec',
    statementTimeoutMs: 0,
  });
  await database.revoke({ kind: 'jti', id: 'pruned', exp: 2_000_000_000 });
  recent.append(await readPage(connection, { after: recent.place }));
  await database.dataSource.query(`DELETE FROM revoked_tokens WHERE id = 'pruned'`);
  const page = await new PageReader(options()).read(THE_BEGINNING, recent);
  expect(page.entries).toHaveLength(1);
  expect(page.place.xid).toBe(recent.place.xid);
});
