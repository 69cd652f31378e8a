import { describe, expect, it, vi } from 'vitest';
import { FeedConnection } from './feed/connection.js';
import { jti, now, ownFeed, waiting } from './own-feed.fixture.js';

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
  it('answers all its readers after one query, with one list', async () => {
    const source = feed.newSource();
    const { cursor } = await source.read(undefined, now);
    const answers = Array.from({ length: 500 }, () => source.read(cursor, waiting));
    await expect.poll(() => source.waitingReads).toBe(500);
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

  it('reads the entries for a cursor from before its start from the database, without a reset', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    const entry = jti();
    await feed.database.revoke(entry);
    const batch = await feed.newSource().read(cursor, waiting);
    expect(batch).toMatchObject({ reset: false, more: false, entries: [entry] });
  });

  it('lets a reader with such a cursor wait, and answers it', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    await feed.database.revoke(jti());
    await feed.database.dataSource.query('DELETE FROM revoked_tokens');
    const source = feed.newSource();
    const answer = source.read(cursor, waiting);
    await expect.poll(() => source.waitingReads).toBe(1);
    const entry = jti();
    await feed.database.revoke(entry);
    expect(await answer).toMatchObject({ reset: false, entries: [entry] });
  });

  it('says what a reader has applied, by the transaction that published it', async () => {
    const source = feed.newSource();
    expect(source.positionOf('x')).toBeUndefined();
    const { cursor: before } = await source.read(undefined, now);
    const entry = jti();
    await feed.database.revoke(entry);
    const [row] = await feed.database.dataSource.query<{ xid: string }[]>(
      'SELECT xid FROM revoked_tokens WHERE id = $1',
      [entry.id],
    );
    const xid = BigInt(row!.xid);
    const { cursor: after } = await source.read(before, waiting);
    expect(source.positionOf(before)?.covers(xid)).toBe(false);
    expect(source.positionOf(after)?.covers(xid)).toBe(true);
    expect(['', 'x.y', `${after}x`].map((cursor) => source.positionOf(cursor))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('listens on other channels through the same connection', async () => {
    const received: string[] = [];
    const source = feed.newSource({
      channels: { 'my "own"': (payload) => void received.push(payload) },
    });
    const { cursor } = await source.read(undefined, now);
    const { dataSource } = feed.database;
    await dataSource.query(`SELECT pg_notify('my "own"', 'one'), pg_notify('another', 'two')`);
    await expect.poll(() => received).toEqual(['one']);
    const entry = jti();
    await feed.database.revoke(entry);
    expect((await source.read(cursor, waiting)).entries).toEqual([entry]);
  });

  it('answers without a wait when too many reads wait', async () => {
    const source = feed.newSource({ maxWaitingReads: 2 });
    const { cursor } = await source.read(undefined, now);
    const answers = [source.read(cursor, waiting), source.read(cursor, waiting)];
    await expect.poll(() => source.waitingReads).toBe(2);
    const startedAt = performance.now();
    expect((await source.read(cursor, waiting)).entries).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await feed.database.revoke(jti());
    expect((await Promise.all(answers)).map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('gives a place of the caller that has most of them to one that has fewer', async () => {
    const source = feed.newSource({ maxWaitingReads: 3 });
    const { cursor } = await source.read(undefined, now);
    const wait = (caller: string) => source.read(cursor, { ...waiting, caller });
    const greedy = [wait('one'), wait('one'), wait('one')];
    await expect.poll(() => source.waitingReads).toBe(3);
    const other = wait('two');
    // The one that waits for longest is answered, and the caller gets no second place for it.
    expect((await greedy[0]!).entries).toEqual([]);
    expect((await wait('one')).entries).toEqual([]);
    expect(source.waitingReads).toBe(3);
    const entry = jti();
    await feed.database.revoke(entry);
    for (const answer of [...greedy.slice(1), other]) {
      expect((await answer).entries).toEqual([entry]);
    }
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

  it('reports the age of its last read', async () => {
    const source = feed.newSource();
    expect(source.lastReadAgeMs).toBe(Infinity);
    await source.read(undefined, now);
    expect(source.lastReadAgeMs).toBeLessThan(60_000);
  });
});

describe('the fingerprint of the key set', () => {
  it('is in each answer, and ends a wait when it changes, in every process', async () => {
    const [one, two] = [feed.newSource(), feed.newSource()];
    for (const source of [one, two]) source.announceKeySet('first');
    const { cursor, ...snapshot } = await one.read(undefined, now);
    expect(snapshot.jwks).toBe('first');
    const answer = two.read(cursor, waiting);
    await expect.poll(() => two.waitingReads).toBe(1);
    for (const source of [one, two]) source.announceKeySet('second');
    expect(await answer).toMatchObject({ reset: false, jwks: 'second', entries: [] });
    expect(await one.read(cursor, waiting)).toMatchObject({ jwks: 'second' });
    const quiet = one.read((await answer).cursor, waiting);
    await expect.poll(() => one.waitingReads).toBe(1);
    one.drain();
    expect(await quiet).toMatchObject({ reset: false, entries: [] });
    expect((await one.read((await quiet).cursor, waiting)).entries).toEqual([]);
  });
});

describe('the end', () => {
  it('comes at once for waiting and later reads, and for the connections', async () => {
    const source = feed.newSource();
    const { cursor } = await source.read(undefined, now);
    const answer = source.read(cursor, waiting);
    await expect.poll(() => source.waitingReads).toBe(1);
    source.close();
    const closed = { code: 'unavailable', message: 'The source was closed' };
    await expect(answer).rejects.toMatchObject(closed);
    await expect(source.read(cursor, now)).rejects.toMatchObject(closed);
    await expect.poll(() => connections('')).toBe(0);
  });

  it('comes to reads that wait for a connection', async () => {
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
    await expect.poll(() => source.waitingReads).toBe(1);
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    expect(source.waitingReads).toBe(0);
  });
});
