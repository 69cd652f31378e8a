import { describe, expect, it, vi } from 'vitest';
import { FeedConnection } from './feed/connection.js';
import { decodeCursor, encodeCursor, type FeedCursor } from './feed/cursor.js';
import { pageSize } from './feed/read-page.js';
import { jti, now, ownFeed, waiting } from './own-feed.spec-support.js';

const feed = ownFeed();

async function connections(name: string): Promise<number> {
  const rows = await feed.database.dataSource.query<{ pid: number }[]>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE $1`,
    [`jwt-core revocations%${name}%`],
  );
  return rows.length;
}

describe('a process', () => {
  it('wakes all its readers with one query, and gives them one list', async () => {
    const source = feed.newSource();
    const { cursor } = await source.read(undefined, now);
    const answers = Array.from({ length: 500 }, () => source.read(cursor, waiting));
    await vi.waitFor(() => expect(source.waitingReads).toBe(500));
    const queries = vi.spyOn(FeedConnection.prototype, 'query');
    const startedAt = performance.now();
    const entry = jti();
    await feed.database.revoke(entry);
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
    const [one, two] = [feed.newSource(), feed.newSource()];
    await one.read(undefined, now);
    await feed.database.revoke(jti());
    await one.read((await one.read(undefined, now)).cursor, now);
    const { cursor } = await two.read(undefined, now);
    const entries = [jti(), jti()];
    for (const entry of entries) await feed.database.revoke(entry);
    await one.read(cursor, now);
    const queries = vi.spyOn(FeedConnection.prototype, 'query');
    const batch = await one.read(cursor, now);
    const reads = queries.mock.calls.filter(([{ name }]) => name === 'read page').length;
    queries.mockRestore();
    expect(batch).toMatchObject({ reset: false, entries });
    expect(reads).toBeLessThanOrEqual(2);
  });

  describe('that has read a full page ahead', () => {
    const isAhead = ([{ values }]: Parameters<FeedConnection['query']>) => values?.[1] === 'jti';

    async function readAhead() {
      await feed.database.dataSource.query(
        `INSERT INTO revoked_tokens (kind, id, exp)
         SELECT 'jti', n::text, 2000000000 FROM generate_series(1, 3 * $1::int) AS n`,
        [pageSize],
      );
      const source = feed.newSource();
      const queries = vi.spyOn(FeedConnection.prototype, 'query');
      const { cursor } = await source.read(undefined, now);
      await vi.waitFor(() => expect(queries.mock.calls.some(isAhead)).toBe(true));
      await Promise.all(queries.mock.results.map(({ value }) => value as Promise<unknown>));
      return { source, queries, cursor: decodeCursor(cursor)! };
    }

    it('asks the database nothing for it', async () => {
      const { source, queries, cursor } = await readAhead();
      queries.mockReturnValue(new Promise(() => undefined));
      const { entries, more, reset } = await source.read(encodeCursor(cursor), now);
      queries.mockRestore();
      expect([entries.length, more, reset]).toEqual([pageSize, true, false]);
    });

    it('gives it to nobody who comes from another database', async () => {
      const { source, queries, cursor } = await readAhead();
      queries.mockRestore();
      const elsewhere = encodeCursor({ ...cursor, identity: 'AAAAAAAAAAA' });
      expect(await source.read(elsewhere, now)).toMatchObject({ reset: true, more: true });
    });

    it('lets a reader who has to come back do so after it', async () => {
      const { source, queries, cursor } = await readAhead();
      queries.mockRestore();
      const next = async (asked: FeedCursor) =>
        decodeCursor((await source.read(encodeCursor(asked), now)).cursor);
      const again = cursor.place.xid - 1n;
      expect(await next(cursor)).not.toHaveProperty('again');
      expect(await next({ ...cursor, again })).toMatchObject({ again });
      expect(await next(cursor)).not.toHaveProperty('again');
    });
  });

  it('serves a cursor from before its time from the database, without a reset', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    const entry = jti();
    await feed.database.revoke(entry);
    const batch = await feed.newSource().read(cursor, waiting);
    expect(batch).toMatchObject({ reset: false, more: false, entries: [entry] });
  });

  it('lets a reader wait who comes with such a cursor, and wakes it', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    await feed.database.revoke(jti());
    await feed.database.dataSource.query('DELETE FROM revoked_tokens');
    const source = feed.newSource();
    const answer = source.read(cursor, waiting);
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    const entry = jti();
    await feed.database.revoke(entry);
    expect(await answer).toMatchObject({ reset: false, entries: [entry] });
  });

  it('answers without a wait where too many wait already', async () => {
    const source = feed.newSource({ maxWaitingReads: 2 });
    const { cursor } = await source.read(undefined, now);
    const answers = [source.read(cursor, waiting), source.read(cursor, waiting)];
    await vi.waitFor(() => expect(source.waitingReads).toBe(2));
    const startedAt = performance.now();
    expect((await source.read(cursor, waiting)).entries).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await feed.database.revoke(jti());
    expect((await Promise.all(answers)).map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('opens no second connection for readers who are nearly up to date', async () => {
    const [one, two] = [feed.newSource(), feed.newSource()];
    const { cursor } = await one.read(undefined, now);
    await two.read(cursor, now);
    await feed.database.revoke(jti());
    expect((await two.read(cursor, now)).entries).toHaveLength(1);
    expect(await connections('listening')).toBe(2);
    expect(await connections('pages')).toBe(1);
  });

  it('tells how fresh it is', async () => {
    const source = feed.newSource();
    expect(source.lastReadAgeMs).toBe(Infinity);
    await source.read(undefined, now);
    expect(source.lastReadAgeMs).toBeLessThan(5_000);
  });
});

describe('the end', () => {
  it('comes at once for those who wait and those who come later, and for the connections', async () => {
    const source = feed.newSource();
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
    const source = feed.newSource();
    const answer = source.read(undefined, now);
    source.close();
    await expect(answer).rejects.toMatchObject({ message: 'The source was closed' });
  });

  it('of one reader leaves no trace', async () => {
    const source = feed.newSource();
    const { cursor } = await source.read(undefined, now);
    const caller = new AbortController();
    const answer = source.read(cursor, { ...waiting, signal: caller.signal });
    await vi.waitFor(() => expect(source.waitingReads).toBe(1));
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    expect(source.waitingReads).toBe(0);
  });
});
