import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { FollowerBench } from './follower-bench.spec-support.js';
import type { Revocation } from './revocation.js';
import type { RevocationBatch } from './revocation-source.js';

const bench = new FollowerBench();
const exp = 1_700_000_900;
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });
const many = (count: number) => Array.from({ length: count }, (_, index) => jti(`id ${index}`));

describe('RevocationFollower', () => {
  it('asks for a snapshot first, and goes on from each cursor', async () => {
    bench.start();
    const first = await bench.question(1);
    expect(first.after).toBeUndefined();
    first.answer({ cursor: 'a', reset: true, entries: [jti('one')] });
    const second = await bench.question(2);
    expect(second.after).toBe('a');
    second.answer({ cursor: 'b', entries: [jti('two')] });
    expect((await bench.question(3)).after).toBe('b');
    expect([bench.holds('one'), bench.holds('two'), bench.holds('three')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [500, undefined, 1],
    [10_000, undefined, 1],
    [30_000, undefined, 3],
    [39_999, undefined, 3],
    [86_400_000, undefined, 25],
    [30_000, 20_000, 2],
    [30_000, 2_000, 1],
    [30_000, 60_000, 3],
  ])('with %i ms of staleness, and at strictest %s, waits for %i s', async (age, strict, wait) => {
    bench.start({ strictestMs: strict }, age);
    expect((await bench.question(1)).waitSeconds).toBe(wait);
  });

  it('tells how long news took, from their recording until they are in force', async () => {
    const onReach = vi.fn();
    bench.start({ onReach });
    (await bench.question(1)).answer({ reset: true, entries: [jti('old')] });
    const second = await bench.question(2);
    await bench.pass(2_000);
    second.answer({ entries: [jti('new')], ageMs: 12 });
    (await bench.question(3)).answer();
    await bench.pass(0);
    expect(onReach.mock.calls).toEqual([[12]]);
  });

  it.each([0, -1, NaN])('refuses a strictest age of %d', (strictestMs) => {
    bench.start();
    expect(() => bench.make({ strictestMs })).toThrow(TypeError);
  });

  // threat:delayed-answers
  it('takes an answer as proof for the instant of its question', async () => {
    bench.start();
    const first = await bench.question(1);
    await bench.pass(2_000);
    first.answer({ reset: true });
    await bench.pass(0);
    expect([bench.list.state, bench.list.proofAgeMs()]).toEqual(['fresh', 2_000]);
    const second = await bench.question(2);
    await bench.pass(3_000);
    expect(bench.list.proofAgeMs()).toBe(5_000);
    second.answer();
    await bench.pass(0);
    expect(bench.list.proofAgeMs()).toBe(3_000);
  });

  it('reads page after page, and is blind until the last', async () => {
    bench.start();
    (await bench.question(1)).answer({ reset: true, more: true, entries: [jti('one')] });
    (await bench.question(2)).answer({ more: true, entries: [jti('two')] });
    const third = await bench.question(3);
    expect([bench.list.state, bench.list.size]).toEqual(['blind', 2]);
    third.answer({ entries: [jti('three')] });
    await bench.question(4);
    expect([bench.list.state, bench.list.size]).toEqual(['fresh', 3]);
  });

  it('goes on with the page that failed, and counts its age from the first page', async () => {
    bench.start();
    (await bench.question(1)).answer({
      cursor: 'a',
      reset: true,
      more: true,
      entries: [jti('one')],
    });
    (await bench.question(2)).fail(new Error('cut'));
    const again = await bench.question(3, 200);
    expect(again.after).toBe('a');
    again.answer({ entries: [jti('two')] });
    await bench.pass(0);
    expect([bench.list.size, bench.list.state, bench.list.proofAgeMs()]).toEqual([2, 'fresh', 200]);
  });

  it('applies a large answer in parts, with turns for others in between', async () => {
    bench.start();
    (await bench.question(1)).answer({ reset: true, entries: many(10_000) });
    const seen: string[] = [];
    for (let size = -1; size < 10_000; size = bench.list.size) {
      await nextTurn();
      if (bench.list.size !== size) seen.push(`${bench.list.size} ${bench.list.state}`);
    }
    expect(seen.length).toBeGreaterThanOrEqual(20);
    expect(seen.filter((line) => line.endsWith('fresh'))).toEqual(['10000 fresh']);
  });

  it.each([
    ['a large answer in the turns after the one that it was read in', 501, 0],
    ['a small answer at once', 500, 500],
  ])('applies %s', async (_, entries, appliedAtOnce) => {
    bench.start();
    (await bench.question(1)).answer({ reset: true, entries: many(entries) });
    await nextTurn();
    expect(bench.list.size).toBe(appliedAtOnce);
    await vi.waitFor(() => expect(bench.list.size).toBe(entries));
  });

  it('refuses an answer without a snapshot when it has none', async () => {
    bench.start();
    (await bench.question(1)).answer({ entries: [jti('one')] });
    expect((await bench.question(2, 200)).after).toBeUndefined();
    expect(bench.list.state).toBe('blind');
    expect(bench.log.warn).toHaveBeenCalledTimes(1);
  });

  it('passes on each fingerprint of the keys', async () => {
    const onKeySetFingerprint = vi.fn<(fingerprint: string) => void>();
    bench.start({ onKeySetFingerprint });
    (await bench.question(1)).answer({ reset: true, jwks: 'f1' });
    (await bench.question(2)).answer({ jwks: 'f2' });
    (await bench.question(3, 400)).answer();
    await bench.pass(0);
    expect(onKeySetFingerprint.mock.calls).toEqual([['f1'], ['f2']]);
  });

  it('goes on when whoever listens for fingerprints throws', async () => {
    const onKeySetFingerprint = () => {
      throw new Error('of no concern here');
    };
    bench.start({ onKeySetFingerprint });
    (await bench.question(1)).answer({
      cursor: 'a',
      reset: true,
      jwks: 'f1',
      entries: [jti('one')],
    });
    expect((await bench.question(2, 200)).after).toBe('a');
    expect([bench.list.state, bench.holds('one')]).toEqual(['fresh', true]);
  });

  it('begins once, however often it is started', async () => {
    bench.start();
    bench.follower.start();
    await bench.question(1);
  });
});

describe('RevocationFollower, when it is stopped', () => {
  it('ends at once, with an answer open that nobody gives', async () => {
    bench.start();
    const open = await bench.question(1);
    await bench.follower.stop();
    expect(open.signal?.aborted).toBe(true);
  });

  it('ends at once while it leaves a failing source alone', async () => {
    bench.start();
    (await bench.question(1)).fail(new Error('down'));
    await bench.pass(0);
    await bench.follower.stop();
    await bench.question(1, 60_000);
    expect(bench.log.warn).toHaveBeenCalledTimes(1);
  });

  it('says nothing of the question that it gave up itself', async () => {
    bench.start();
    await bench.question(1);
    await bench.follower.stop();
    expect(bench.log.warn).not.toHaveBeenCalled();
  });

  it('ends without having begun, and does not begin afterwards', async () => {
    bench.make();
    await bench.follower.stop();
    bench.follower.start();
    await bench.question(0, 60_000);
  });
});

describe('RevocationFollower for an age stricter than two waits', () => {
  const strictestMs = 2_000;

  async function startStrictly(): Promise<void> {
    bench.start({ strictestMs });
    (await bench.question(1)).answer({ cursor: 'a', reset: true });
    await bench.question(2);
  }

  it('proves it by short questions while the long one is open', async () => {
    await startStrictly();
    const short = await bench.question(3, 500);
    expect([short.after, short.waitSeconds]).toEqual(['a', 0]);
    await bench.pass(100);
    expect(bench.list.proofAgeMs()).toBe(600);
    short.answer();
    await bench.pass(0);
    expect(bench.list.proofAgeMs()).toBe(100);
    await bench.question(4, 500);
  });

  it('takes in what a short question brings, and leaves the cursor to the long one', async () => {
    await startStrictly();
    (await bench.question(3, 500)).answer({ cursor: 'b', entries: [jti('one')] });
    await bench.pass(0);
    expect([bench.holds('one'), bench.list.proofAgeMs()]).toEqual([true, 0]);
    expect((await bench.question(4, 500)).after).toBe('a');
  });

  it.each<[string, Partial<RevocationBatch>]>([
    ['more to come', { more: true, entries: [jti('one')] }],
    ['a snapshot', { reset: true, entries: [jti('one')] }],
    ['very many entries', { entries: many(1_001) }],
  ])('leaves to the long question what is too much for a short one: %s', async (_, answer) => {
    await startStrictly();
    (await bench.question(3, 500)).answer(answer);
    await bench.pass(0);
    expect([bench.list.proofAgeMs(), bench.list.size]).toEqual([500, 0]);
  });

  it('outlives a short question that fails', async () => {
    await startStrictly();
    (await bench.question(3, 500)).fail(new Error('down'));
    await bench.question(4, 500);
    expect(bench.log.warn).not.toHaveBeenCalled();
  });

  it('asks none before there is a snapshot', async () => {
    bench.start({ strictestMs });
    await bench.question(1, 2_000);
  });

  it('asks none while the feed is lost', async () => {
    await startStrictly();
    (await bench.question(2)).fail(new Error('down'));
    await bench.question(3, 200);
    await bench.question(3, 2_000);
  });

  it('needs none for an age of three waits', async () => {
    bench.start({ strictestMs: 3_000 });
    (await bench.question(1)).answer({ reset: true });
    await bench.question(2);
    await bench.question(2, 900);
  });
});
