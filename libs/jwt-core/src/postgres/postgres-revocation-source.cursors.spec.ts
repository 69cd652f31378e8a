import { describe, expect, it, vi } from 'vitest';
import { decodeCursor, encodeCursor } from './feed/cursor.js';
import { ids, jti, now, ownFeed, waiting } from './own-feed.spec-support.js';

const feed = ownFeed();

describe('a cursor', () => {
  it('is good for four thousand entries more, and then a page at a time', async () => {
    const source = feed.newSource();
    const { cursor } = await source.read(undefined, now);
    await feed.database.dataSource.query(`INSERT INTO revoked_tokens (kind, id, exp)
      SELECT 'jti', gen_random_uuid(), 2000000000 FROM generate_series(1, 10000)`);
    const sizes: number[] = [];
    const found = new Set<string>();
    for (let batch = await source.read(cursor, waiting); ;) {
      sizes.push(batch.entries.length);
      for (const id of ids(batch)) found.add(id);
      if (!batch.more) break;
      await feed.database.revoke(jti());
      batch = await feed.newSource().read(batch.cursor, waiting);
    }
    expect(sizes).toEqual([...Array.from({ length: 5 }, () => 2_000), 5]);
    expect(found.size).toBe(10_005);
  });

  it('at the beginning is not a reader without one, who asks at the same moment', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    await feed.database.revoke(jti());
    const source = feed.newSource();
    const batches = await Promise.all([source.read(undefined, now), source.read(cursor, now)]);
    expect(batches.map(({ reset }) => reset)).toEqual([true, false]);
    expect(batches.map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('from the future is of a database that was restored: it gets everything', async () => {
    const source = feed.newSource();
    const entry = jti();
    await feed.database.revoke(entry);
    const { cursor } = await source.read(undefined, now);
    const decoded = decodeCursor(cursor)!;
    const ahead = encodeCursor({ ...decoded, horizon: decoded.horizon + 1_000_000n });
    expect(await source.read(ahead, waiting)).toMatchObject({ reset: true, entries: [entry] });
  });

  it('that repeats what was told is answered at most once a second, unless there is news', async () => {
    const source = feed.newSource();
    const before = decodeCursor((await source.read(undefined, now)).cursor)!;
    const [old, fresh] = [jti(), jti()];
    await feed.database.revoke(old);
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
    await feed.database.revoke(fresh);
    expect(ids(await answer)).toEqual([old.id, fresh.id]);
  });
});
