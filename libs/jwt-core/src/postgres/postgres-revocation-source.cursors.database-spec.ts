import { describe, expect, it, vi } from 'vitest';
import { FeedConnection } from './feed/connection.js';
import { ids, jti, now, ownFeed, waiting } from './own-feed.fixture.js';

const feed = ownFeed();

describe('a cursor', () => {
  it('returns a page at a time when many entries follow', async () => {
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

  it('at the beginning is not treated as none, at the same moment', async () => {
    const { cursor } = await feed.newSource().read(undefined, now);
    await feed.database.revoke(jti());
    const source = feed.newSource();
    const batches = await Promise.all([source.read(undefined, now), source.read(cursor, now)]);
    expect(batches.map(({ reset }) => reset)).toEqual([true, false]);
    expect(batches.map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('from the future gets a snapshot, as the database was restored', async () => {
    const source = feed.newSource();
    const entry = jti();
    await feed.database.revoke(entry);
    const { cursor } = await source.read(undefined, now);
    const { cursors } = await feed.connection();
    const decoded = cursors.decode(cursor)!;
    const ahead = cursors.encode({ ...decoded, xmax: decoded.xmax + 1_000_000n });
    expect(await source.read(ahead, waiting)).toMatchObject({ reset: true, entries: [entry] });
  });

  it('that was made up costs no query of its own', async () => {
    await feed.database.revoke(...Array.from({ length: 2_001 }, jti));
    const source = feed.newSource();
    await source.read(undefined, now);
    const queries = vi.spyOn(FeedConnection.prototype, 'query');
    const startedAt = performance.now();
    for (let round = 0; round < 5; round++) {
      const madeUp = Array.from({ length: 200 }, (_, n) => `1.AbCdEf-_012.9.${n}.8...${round}`);
      const beganAt = performance.now();
      const batches = await Promise.all(madeUp.map((cursor) => source.read(cursor, waiting)));
      // Another one for each second that passes.
      const secondsOfRound = Math.ceil((performance.now() - beganAt) / 1000);
      const different = new Set(batches.map(({ entries }) => entries)).size;
      expect(different).toBeLessThanOrEqual(1 + secondsOfRound);
      expect(batches[0]).toMatchObject({ reset: true, more: true });
    }
    const pages = queries.mock.calls.filter(([{ values }]) => values?.[0] === '0');
    queries.mockRestore();
    // Its answers are shared for a second.
    const seconds = (performance.now() - startedAt) / 1000;
    expect(pages.length).toBeLessThanOrEqual(2 + seconds);
  });

  // At its own address, a service waits for the others once: at the place where they all are.
  it.each([
    ['made up', 'elsewhere', 0],
    ['made up', 'at the same address', 1],
    ['replayed', 'elsewhere', 0],
    ['replayed', 'at the same address', 1],
  ])('%s over 200 connections does not delay a service %s', async (kind, where, longWaits) => {
    const flooder = '198.51.100.66';
    const service = where === 'elsewhere' ? '203.0.113.7' : flooder;
    await feed.database.revoke(...Array.from({ length: 6_001 }, jti));
    const source = feed.newSource();
    const { cursor: first } = await source.read(undefined, now);
    let [answers, isOver] = [0, false];
    const repeat = async () => {
      while (!isOver) {
        await source.read(kind === 'replayed' ? first : kind, { ...now, caller: flooder });
        answers += 1;
      }
    };
    // Each takes a transaction id, so that pages are from different moments.
    const write = async () => {
      while (!isOver) await feed.database.dataSource.query('SELECT pg_current_xact_id()');
    };
    const flood = [write(), ...Array.from({ length: 200 }, repeat)];
    await expect.poll(() => answers).toBeGreaterThan(200);

    const waitedFor: number[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const before = answers;
      ({ cursor, more } = await source.read(cursor, { ...now, caller: service }));
      waitedFor.push(answers - before);
    }
    isOver = true;
    await Promise.all(flood);
    expect(waitedFor).toHaveLength(4);
    // In the order of arrival a page would wait for 199 answers or more.
    expect(waitedFor.filter((count) => count > 150).length).toBeLessThanOrEqual(longWaits);
  });

  it('that is up to date waits for no other reader', async () => {
    await feed.database.revoke(...Array.from({ length: 4_001 }, jti));
    const source = feed.newSource();
    let batch = await source.read(undefined, now);
    const { cursor: first } = batch;
    while (batch.more) batch = await source.read(batch.cursor, now);
    // All of one address, as behind a proxy that is not trusted.
    const others = [undefined, first, 'made up'].flatMap((cursor) =>
      Array.from({ length: 100 }, () => source.read(cursor, now)),
    );
    let answered = 0;
    for (const other of others) void other.then(() => (answered += 1));
    expect(await source.read(batch.cursor, now)).toMatchObject({ reset: false, entries: [] });
    // After them it would be all. Those who share a page are answered at once, which may be before.
    expect(answered).toBeLessThan(others.length / 2);
    await Promise.all(others);
  });
});
