import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from '../migrated-database.fixture.js';
import { recordRevocations } from '../revoked-tokens.js';
import { FeedConnection } from './connection.js';
import { THE_BEGINNING } from './cursor.js';
import { readEnd, readPage, type FeedPage } from './read-page.js';

let database: MigratedDatabase;
let connection: FeedConnection;
const closing = new AbortController();

beforeAll(async () => {
  database = await migratedDatabase();
  connection = await FeedConnection.open({
    config: { connectionString: database.url },
    name: 'spec',
    statementTimeoutMs: 10_000,
    signal: closing.signal,
  });
});
afterAll(async () => {
  closing.abort();
  await database.close();
});
beforeEach(() => database.dataSource.query('TRUNCATE revoked_tokens'));

const nowSeconds = () => Math.floor(Date.now() / 1000);
const jti = (id: string, exp = nowSeconds() + 900) => ({ kind: 'jti', id, exp }) as const;
const ids = ({ entries }: FeedPage) => entries.map(({ id }) => id);

describe('a page', () => {
  it('is empty at the beginning of an empty table, and stays there', async () => {
    const page = await readPage(connection, { after: THE_BEGINNING });
    expect(page).toMatchObject({ entries: [], more: false, place: THE_BEGINNING });
  });

  it('returns what was published, by transaction, then in the order of keys', async () => {
    await database.revoke(jti('z'), { ...jti('y'), kind: 'kid' });
    await database.revoke(jti('b'), jti('a'), jti('\u{1f511}'), jti('\uffee'));
    const page = await readPage(connection, { after: THE_BEGINNING });
    expect(ids(page)).toEqual(['z', 'y', 'a', 'b', '\uffee', '\u{1f511}']);
    expect(page.more).toBe(false);
    expect(ids(await readPage(connection, { after: page.place }))).toEqual([]);
  });

  it('ends in the middle of a transaction when it is full, and the next goes on there', async () => {
    await database.revoke(...['a', 'b', 'c', 'd', 'e'].map((id) => jti(id)));
    const first = await readPage(connection, { after: THE_BEGINNING, limit: 2 });
    const second = await readPage(connection, { after: first.place, limit: 2 });
    const third = await readPage(connection, { after: second.place, limit: 2 });
    expect([first, second, third].map(ids)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect([first, second, third].map(({ more }) => more)).toEqual([true, true, false]);
  });

  it('leaves out what expired more than a minute ago, and reads on behind it', async () => {
    await database.revoke(jti('kept', nowSeconds() - 30), jti('gone', nowSeconds() - 90));
    const page = await readPage(connection, { after: THE_BEGINNING });
    expect(ids(page)).toEqual(['kept']);
    await database.revoke(jti('expired', nowSeconds() - 90));
    const next = await readPage(connection, { after: page.place });
    expect(next.entries).toEqual([]);
    expect(next.place.xid).toBeGreaterThan(page.place.xid);
  });

  it('returns the entries of a transaction that commits after later ones', async () => {
    const late = database.dataSource.createQueryRunner();
    await late.startTransaction();
    await recordRevocations(late.manager, [jti('late')]);
    await database.revoke(jti('early'));
    const first = await readPage(connection, { after: THE_BEGINNING });
    expect(ids(first)).toEqual(['early']);
    await late.commitTransaction();
    await late.release();
    await database.revoke(jti('next'));
    expect(ids(await readPage(connection, { after: first.place }))).toEqual(['late', 'next']);
  });

  it('stops at the newest entry, as a crash can give later ids out again', async () => {
    await database.revoke(jti('a'));
    const { place } = await readPage(connection, { after: THE_BEGINNING });
    for (let n = 0; n < 5; n++) await database.dataSource.query('SELECT pg_current_xact_id()');
    const page = await readPage(connection, { after: place });
    expect(page.place).toEqual(place);
    expect(page.snapshot.xmax).toBeGreaterThanOrEqual(place.xid + 5n);
  });

  it('takes the reader as far as it is known to be, though the entries there are pruned', async () => {
    const known = { xid: 4n, kind: '', id: '' };
    const page = await readPage(connection, { after: THE_BEGINNING, known });
    expect(page.place).toMatchObject(known);
  });

  it('takes a place with thousands of open transactions', async () => {
    await database.revoke(jti('a'));
    const { place } = await readEnd(connection);
    const open = new Set(Array.from({ length: 5_000 }, (_, n) => BigInt(n + 1) * 1_000_000n));
    expect((await readPage(connection, { after: { ...place, open } })).entries).toEqual([]);
  });
});

it('the end is the place of a reader that has read everything', async () => {
  expect((await readEnd(connection)).place).toEqual(THE_BEGINNING);
  await database.revoke(jti('a'), jti('b'));
  const { place } = await readPage(connection, { after: THE_BEGINNING });
  expect(await readEnd(connection)).toMatchObject({ place, entries: [], more: false });
});

it('is read by the index, though it was planned while the table was small', async () => {
  const { place } = await readEnd(connection);
  await database.dataSource.query(`INSERT INTO revoked_tokens (kind, id, exp)
    SELECT 'jti', gen_random_uuid(), 2000000000 FROM generate_series(1, 20000)`);
  const { rows } = await connection.client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN EXECUTE "read page" ('${place.xid}', '', '', '{4,5}', 10001)`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan.match(/Index (Only )?Scan/g)).toHaveLength(3);
  expect(plan).not.toMatch(/Seq Scan|Bitmap/);
});
