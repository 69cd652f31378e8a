import { describe, expect, it } from 'vitest';
import { ids, jti, now, ownFeed, waiting } from './own-feed.fixture.js';
import { recordRevocations } from './revoked-tokens.js';

const feed = ownFeed();

describe('transactions that commit in another order than they began', () => {
  it('are sent as each commits, while another stays open for seconds', async () => {
    const source = feed.newSource();
    let { cursor } = await source.read(undefined, now);
    const runners = [0, 1, 2, 3].map(() => feed.database.dataSource.createQueryRunner());
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
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      ({ cursor } = await source.read(batch.cursor, { waitSeconds: 1 }));
    }
    await elsewhere!.commitTransaction();
    expect(ids(await source.read(cursor, now))).toEqual([entries[0]!.id]);
    await Promise.all(runners.map((runner) => runner.release()));
  });

  it('reach waiting reads at once, not with the next periodic read', async () => {
    const source = feed.newSource();
    let { cursor } = await source.read(undefined, now);
    let fastestMs = Infinity;
    for (let round = 0; round < 20; round++) {
      const answer = source.read(cursor, waiting);
      await expect.poll(() => source.waitingReads, { interval: 1 }).toBe(1);
      const startedAt = performance.now();
      await feed.database.revoke(jti());
      ({ cursor } = await answer);
      fastestMs = Math.min(fastestMs, performance.now() - startedAt);
    }
    // The next read is due a second after the one before.
    expect(fastestMs).toBeLessThan(500);
  });

  it('are sent by another process as well', async () => {
    const [one, two] = [feed.newSource(), feed.newSource()];
    await Promise.all([one.read(undefined, now), two.read(undefined, now)]);
    const late = feed.database.dataSource.createQueryRunner();
    await late.startTransaction();
    const [first, second] = [jti(), jti()];
    await recordRevocations(late.manager, [first]);
    await feed.database.revoke(second);
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
  it('is that of its oldest entry, and grows until the read', async () => {
    const [source, other] = [feed.newSource(), feed.newSource()];
    const { cursor, ...snapshot } = await source.read(undefined, now);
    expect(snapshot).not.toHaveProperty('ageMs');
    const late = feed.database.dataSource.createQueryRunner();
    await late.startTransaction();
    await recordRevocations(late.manager, [jti()]);
    await feed.database.dataSource.query('SELECT pg_sleep(0.3)');
    await late.commitTransaction();
    await late.release();
    await feed.database.revoke(jti());
    const first = await source.read(cursor, now);
    expect(first.entries).toHaveLength(2);
    expect(first.ageMs).toBeGreaterThanOrEqual(300);
    await feed.database.dataSource.query('SELECT pg_sleep(0.1)');
    const again = await source.read(cursor, now);
    expect(again.ageMs).toBeGreaterThanOrEqual(first.ageMs! + 100);
    // Another process reads it from the table, and not from what it has logged.
    expect((await other.read(cursor, now)).ageMs).toBeGreaterThanOrEqual(again.ageMs!);
    expect(await source.read(first.cursor, now)).not.toHaveProperty('ageMs');
  });

  it('counts from the extension of an entry that is extended', async () => {
    const source = feed.newSource();
    const entry = jti();
    await feed.database.revoke(entry);
    await feed.database.dataSource.query(
      `UPDATE revoked_tokens SET created_at = now() - interval '1 hour'`,
    );
    const { cursor } = await source.read(undefined, now);
    await feed.database.revoke({ ...entry, exp: entry.exp + 1 });
    const { entries, ageMs } = await source.read(cursor, now);
    expect(entries).toHaveLength(1);
    expect(ageMs).toBeLessThan(600_000);
  });
});
