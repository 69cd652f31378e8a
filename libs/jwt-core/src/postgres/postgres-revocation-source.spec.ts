import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RevocationBatch } from '../revocation/revocation-source.js';
import type { Revocation } from '../revocation/revocation.js';
import { FeedConnection } from './feed/connection.js';
import { decodeCursor, encodeCursor } from './feed/cursor.js';
import { migratedDatabase, type MigratedDatabase } from './migrated-database.spec-support.js';
import { PostgresRevocationSource } from './postgres-revocation-source.js';
import { recordRevocations } from './record-revocations.js';

let database: MigratedDatabase;
let sources: PostgresRevocationSource[] = [];

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.dataSource.query('DELETE FROM revoked_tokens'));
afterEach(() => {
  for (const source of sources) source.close();
  sources = [];
});

function newSource(options: { maxWaitingReads?: number } = {}): PostgresRevocationSource {
  const source = new PostgresRevocationSource({ connection: database.url, ...options });
  sources.push(source);
  return source;
}

const jti = (): Revocation => ({ kind: 'jti', id: randomUUID(), exp: 2_000_000_000 });
const ids = (batch: RevocationBatch) => batch.entries.map(({ id }) => id);
const now = { waitSeconds: 0 };
const waiting = { waitSeconds: 20 };

async function connections(name: string): Promise<number> {
  const rows = await database.dataSource.query<{ pid: number }[]>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE $1`,
    [`jwt-core revocations%${name}%`],
  );
  return rows.length;
}

describe('transactions that commit in another order than they began', () => {
  it('are told of as each commits, while another stays open for seconds', async () => {
    const source = newSource();
    let { cursor } = await source.read(undefined, now);
    const runners = [0, 1, 2, 3].map(() => database.dataSource.createQueryRunner());
    const entries = runners.map(jti);
    for (const [index, runner] of runners.entries()) {
      await runner.startTransaction();
      await recordRevocations(runner.manager, [entries[index]!]);
    }
    const [elsewhere] = runners;
    for (const index of [2, 1, 3]) {
      const answer = source.read(cursor, waiting);
      const startedAt = performance.now();
      await runners[index]!.commitTransaction();
      const batch = await answer;
      expect(ids(batch)).toEqual([entries[index]!.id]);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      ({ cursor } = await source.read(batch.cursor, { waitSeconds: 1 }));
    }
    await elsewhere!.commitTransaction();
    expect(ids(await source.read(cursor, now))).toEqual([entries[0]!.id]);
    await Promise.all(runners.map((runner) => runner.release()));
  });

  it('reach those who wait at once, not with the next periodic read', async () => {
    const source = newSource();
    let { cursor } = await source.read(undefined, now);
    const startedAt = performance.now();
    for (let round = 0; round < 20; round++) {
      const answer = source.read(cursor, waiting);
      await vi.waitFor(() => expect(source.waitingReads).toBe(1), { interval: 1 });
      await database.revoke(jti());
      ({ cursor } = await answer);
    }
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('are told of by another process as well', async () => {
    const [one, two] = [newSource(), newSource()];
    await Promise.all([one.read(undefined, now), two.read(undefined, now)]);
    const late = database.dataSource.createQueryRunner();
    await late.startTransaction();
    const [first, second] = [jti(), jti()];
    await recordRevocations(late.manager, [first]);
    await database.revoke(second);
    const { cursor, entries } = await one.read(undefined, now);
    expect(entries).toEqual([second]);
    const answers = [one.read(cursor, waiting), two.read(cursor, waiting)];
    await late.commitTransaction();
    await late.release();
    for (const batch of await Promise.all(answers)) {
      expect(batch).toMatchObject({ reset: false, entries: [first] });
    }
  });
});

describe('the age of an answer', () => {
  it('is that of its oldest entry, and grows with the time until somebody asks', async () => {
    const [source, other] = [newSource(), newSource()];
    const { cursor, ...snapshot } = await source.read(undefined, now);
    expect(snapshot).not.toHaveProperty('ageMs');
    const late = database.dataSource.createQueryRunner();
    await late.startTransaction();
    await recordRevocations(late.manager, [jti()]);
    await database.dataSource.query('SELECT pg_sleep(0.3)');
    await late.commitTransaction();
    await late.release();
    await database.revoke(jti());
    const first = await source.read(cursor, now);
    expect(first.entries).toHaveLength(2);
    expect(first.ageMs).toBeGreaterThanOrEqual(300);
    await database.dataSource.query('SELECT pg_sleep(0.1)');
    const again = await source.read(cursor, now);
    expect(again.ageMs).toBeGreaterThanOrEqual(first.ageMs! + 100);
    // Another process reads it from the table, and not from what it has logged.
    expect((await other.read(cursor, now)).ageMs).toBeGreaterThanOrEqual(again.ageMs!);
    expect(await source.read(first.cursor, now)).not.toHaveProperty('ageMs');
  });

  it('counts from the extension of an entry that is extended', async () => {
    const source = newSource();
    const entry = jti();
    await database.revoke(entry);
    await database.dataSource.query(
      `UPDATE revoked_tokens SET created_at = now() - interval '1 hour'`,
    );
    const { cursor } = await source.read(undefined, now);
    await database.revoke({ ...entry, exp: entry.exp + 1 });
    const { entries, ageMs } = await source.read(cursor, now);
    expect(entries).toHaveLength(1);
    expect(ageMs).toBeLessThan(600_000);
  });
});

describe('a process', () => {
  it('wakes all its readers with one query, and gives them one list', async () => {
    const source = newSource();
    const { cursor } = await source.read(undefined, now);
    const answers = Array.from({ length: 500 }, () => source.read(cursor, waiting));
    await vi.waitFor(() => expect(source.waitingReads).toBe(500));
    const queries = vi.spyOn(FeedConnection.prototype, 'query');
    const startedAt = performance.now();
    const entry = jti();
    await database.revoke(entry);
    const batches = await Promise.all(answers);
    const reads = queries.mock.calls.filter(([{ name }]) => name === 'read page').length;
    // One for the notification, one more for each second that passed.
    expect(reads).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 900);
    queries.mockRestore();
    expect(new Set(batches.map(({ entries }) => entries)).size).toBe(1);
    expect(batches[0]!.entries).toEqual([entry]);
    expect(source.waitingReads).toBe(0);
  });

  it('serves a recent cursor of another process from memory', async () => {
    const [one, two] = [newSource(), newSource()];
    await one.read(undefined, now);
    await database.revoke(jti());
    await one.read((await one.read(undefined, now)).cursor, now);
    const { cursor } = await two.read(undefined, now);
    const entries = [jti(), jti()];
    for (const entry of entries) await database.revoke(entry);
    await one.read(cursor, now);
    const queries = vi.spyOn(FeedConnection.prototype, 'query');
    const batch = await one.read(cursor, now);
    const reads = queries.mock.calls.filter(([{ name }]) => name === 'read page').length;
    queries.mockRestore();
    expect(batch).toMatchObject({ reset: false, entries });
    expect(reads).toBeLessThanOrEqual(2);
  });

  it('serves a cursor from before its time from the database, without a reset', async () => {
    const { cursor } = await newSource().read(undefined, now);
    const entry = jti();
    await database.revoke(entry);
    const batch = await newSource().read(cursor, waiting);
    expect(batch).toMatchObject({ reset: false, more: false, entries: [entry] });
  });

  it('lets a reader wait who comes with such a cursor, and wakes it', async () => {
    const { cursor } = await newSource().read(undefined, now);
    await database.revoke(jti());
    await database.dataSource.query('DELETE FROM revoked_tokens');
    const source = newSource();
    const answer = source.read(cursor, waiting);
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    const entry = jti();
    await database.revoke(entry);
    expect(await answer).toMatchObject({ reset: false, entries: [entry] });
  });

  it('answers without a wait where too many wait already', async () => {
    const source = newSource({ maxWaitingReads: 2 });
    const { cursor } = await source.read(undefined, now);
    const answers = [source.read(cursor, waiting), source.read(cursor, waiting)];
    await vi.waitFor(() => expect(source.waitingReads).toBe(2));
    const startedAt = performance.now();
    expect((await source.read(cursor, waiting)).entries).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await database.revoke(jti());
    expect((await Promise.all(answers)).map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('opens no second connection for readers who are nearly up to date', async () => {
    const [one, two] = [newSource(), newSource()];
    const { cursor } = await one.read(undefined, now);
    await two.read(cursor, now);
    await database.revoke(jti());
    expect((await two.read(cursor, now)).entries).toHaveLength(1);
    expect(await connections('listening')).toBe(2);
    expect(await connections('pages')).toBe(1);
  });

  it('tells how fresh it is', async () => {
    const source = newSource();
    expect(source.lastReadAgeMs).toBe(Infinity);
    await source.read(undefined, now);
    expect(source.lastReadAgeMs).toBeLessThan(5_000);
  });
});

describe('a cursor', () => {
  it('is good for four thousand entries more, and then a page at a time', async () => {
    const source = newSource();
    const { cursor } = await source.read(undefined, now);
    await database.dataSource.query(`INSERT INTO revoked_tokens (kind, id, exp)
      SELECT 'jti', gen_random_uuid(), 2000000000 FROM generate_series(1, 10000)`);
    const sizes: number[] = [];
    const found = new Set<string>();
    for (let batch = await source.read(cursor, waiting); ;) {
      sizes.push(batch.entries.length);
      for (const id of ids(batch)) found.add(id);
      if (!batch.more) break;
      await database.revoke(jti());
      batch = await newSource().read(batch.cursor, waiting);
    }
    expect(sizes).toEqual([4_000, 4_000, 2_002]);
    expect(found.size).toBe(10_002);
  });

  it('at the beginning is not a reader without one, who asks at the same moment', async () => {
    const { cursor } = await newSource().read(undefined, now);
    await database.revoke(jti());
    const source = newSource();
    const batches = await Promise.all([source.read(undefined, now), source.read(cursor, now)]);
    expect(batches.map(({ reset }) => reset)).toEqual([true, false]);
    expect(batches.map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('from the future is of a database that was restored: it gets everything', async () => {
    const source = newSource();
    const entry = jti();
    await database.revoke(entry);
    const { cursor } = await source.read(undefined, now);
    const decoded = decodeCursor(cursor)!;
    const ahead = encodeCursor({ ...decoded, horizon: decoded.horizon + 1_000_000n });
    expect(await source.read(ahead, waiting)).toMatchObject({ reset: true, entries: [entry] });
  });

  it('that repeats what was told is answered at most once a second, unless there is news', async () => {
    const source = newSource();
    const before = decodeCursor((await source.read(undefined, now)).cursor)!;
    const [old, fresh] = [jti(), jti()];
    await database.revoke(old);
    await source.read(undefined, now);
    const again = before.place.xid;
    const repeating = encodeCursor({
      ...before,
      place: { ...before.place, kind: '', id: '' },
      again,
    });
    const startedAt = performance.now();
    expect(ids(await source.read(repeating, waiting))).toEqual([old.id]);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    const answer = source.read(repeating, waiting);
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    await database.revoke(fresh);
    expect(ids(await answer)).toEqual([old.id, fresh.id]);
  });
});

describe('the end', () => {
  it('comes at once for those who wait and those who come later, and for the connections', async () => {
    const source = newSource();
    const { cursor } = await source.read(undefined, now);
    const answer = source.read(cursor, waiting);
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    source.close();
    const closed = { code: 'unavailable', message: 'The source was closed' };
    await expect(answer).rejects.toMatchObject(closed);
    await expect(source.read(cursor, now)).rejects.toMatchObject(closed);
    await vi.waitFor(async () => expect(await connections('')).toBe(0), 5_000);
  });

  it('comes to those who are just being connected', async () => {
    const source = newSource();
    const answer = source.read(undefined, now);
    source.close();
    await expect(answer).rejects.toMatchObject({ message: 'The source was closed' });
  });

  it('of one reader leaves no trace', async () => {
    const source = newSource();
    const { cursor } = await source.read(undefined, now);
    const caller = new AbortController();
    const answer = source.read(cursor, { ...waiting, signal: caller.signal });
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    expect(source.waitingReads).toBe(0);
  });
});
