import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { FollowerHarness } from './follower.fixture.js';
import type { Revocation } from './revocation.js';
import type { RevocationBatch } from './revocation-source.js';

const harness = new FollowerHarness();
const exp = 1_700_000_900;
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });
const many = (count: number) => Array.from({ length: count }, (_, index) => jti(`id ${index}`));

describe('RevocationFollower', () => {
  it('asks for a snapshot first, and goes on from each cursor', async () => {
    harness.start();
    const first = await harness.question(1);
    expect(first.after).toBeUndefined();
    first.answer({ cursor: 'a', reset: true, entries: [jti('one')] });
    const second = await harness.question(2);
    expect(second.after).toBe('a');
    second.answer({ cursor: 'b', entries: [jti('two')] });
    expect((await harness.question(3)).after).toBe('b');
    expect([harness.holds('one'), harness.holds('two'), harness.holds('three')]).toEqual([
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
    harness.start({ strictestMs: strict }, age);
    expect((await harness.question(1)).waitSeconds).toBe(wait);
  });

  it('logs and counts each list that takes the place of another, and not the first', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, more: true, entries: [jti('one')] });
    (await harness.question(2)).answer({ entries: [jti('two')] });
    const third = await harness.question(3);
    expect([harness.list.replacements, harness.log.log.mock.calls]).toEqual([0, []]);
    third.answer({ reset: true, more: true, entries: [jti('three')] });
    const fourth = await harness.question(4, 500);
    expect(harness.list.replacements).toBe(0);
    fourth.answer({ entries: [] });
    await harness.pass(0);
    expect(harness.list.replacements).toBe(1);
    expect(harness.log.log.mock.calls).toEqual([
      ['Revocation list replaced by a new one: 1 entries'],
    ]);
  });

  it('reports how long new entries took, from their record until they are in the list', async () => {
    const onReach = vi.fn();
    harness.start({ onReach });
    (await harness.question(1)).answer({ reset: true, entries: [jti('old')] });
    const second = await harness.question(2);
    await harness.pass(2_000);
    second.answer({ entries: [jti('new')], ageMs: 12 });
    (await harness.question(3)).answer();
    await harness.pass(0);
    expect(onReach.mock.calls).toEqual([[12]]);
  });

  it('goes on without a log and a listener, whatever there would be to say', async () => {
    harness.start({ log: undefined, onReach: undefined });
    (await harness.question(1)).answer({ reset: true, entries: [jti('one')] });
    (await harness.question(2)).fail(new Error('away'));
    (await harness.question(3, 5_000)).answer({ reset: true, ageMs: 1, entries: [jti('two')] });
    (await harness.question(4, 500)).answer();
    await harness.pass(0);
    expect([harness.list.replacements, harness.holds('two'), harness.list.state]).toEqual([
      1,
      true,
      'fresh',
    ]);
  });

  it.each([0, -1, NaN])('refuses a strictest age of %d', (strictestMs) => {
    harness.start();
    expect(() => harness.make({ strictestMs })).toThrow(TypeError);
  });

  // threat:delayed-answers
  it('takes an answer as proof for the instant of its question', async () => {
    harness.start();
    const first = await harness.question(1);
    await harness.pass(2_000);
    first.answer({ reset: true });
    await harness.pass(0);
    expect([harness.list.state, harness.list.proofAgeMs()]).toEqual(['fresh', 2_000]);
    const second = await harness.question(2);
    await harness.pass(3_000);
    expect(harness.list.proofAgeMs()).toBe(5_000);
    second.answer();
    await harness.pass(0);
    expect(harness.list.proofAgeMs()).toBe(3_000);
  });

  it('reads page after page, and is blind until the last', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, more: true, entries: [jti('one')] });
    (await harness.question(2)).answer({ more: true, entries: [jti('two')] });
    const third = await harness.question(3);
    expect([harness.list.state, harness.list.size]).toEqual(['blind', 2]);
    third.answer({ entries: [jti('three')] });
    await harness.question(4);
    expect([harness.list.state, harness.list.size]).toEqual(['fresh', 3]);
  });

  it('goes on with the page that failed, and counts its age from the first page', async () => {
    harness.start();
    (await harness.question(1)).answer({
      cursor: 'a',
      reset: true,
      more: true,
      entries: [jti('one')],
    });
    (await harness.question(2)).fail(new Error('cut'));
    const again = await harness.question(3, 200);
    expect(again.after).toBe('a');
    again.answer({ entries: [jti('two')] });
    await harness.pass(0);
    expect([harness.list.size, harness.list.state, harness.list.proofAgeMs()]).toEqual([
      2,
      'fresh',
      200,
    ]);
  });

  it('applies a large answer in parts, with turns for others in between', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, entries: many(10_000) });
    const seen: string[] = [];
    for (let size = -1; size < 10_000; size = harness.list.size) {
      await nextTurn();
      if (harness.list.size !== size) seen.push(`${harness.list.size} ${harness.list.state}`);
    }
    expect(seen.length).toBeGreaterThanOrEqual(20);
    expect(seen.filter((line) => line.endsWith('fresh'))).toEqual(['10000 fresh']);
  });

  it.each([
    ['a large answer in the turns after the one that it was read in', 501, 0],
    ['a small answer at once', 500, 500],
  ])('applies %s', async (_, entries, appliedAtOnce) => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, entries: many(entries) });
    await nextTurn();
    expect(harness.list.size).toBe(appliedAtOnce);
    await vi.waitFor(() => expect(harness.list.size).toBe(entries), 20_000);
  });

  it('refuses an answer without a snapshot when it has none', async () => {
    harness.start();
    (await harness.question(1)).answer({ entries: [jti('one')] });
    expect((await harness.question(2, 200)).after).toBeUndefined();
    expect(harness.list.state).toBe('blind');
    expect(harness.log.warn).toHaveBeenCalledTimes(1);
  });

  it('passes on each fingerprint of the keys', async () => {
    const onKeySetFingerprint = vi.fn<(fingerprint: string) => void>();
    harness.start({ onKeySetFingerprint });
    (await harness.question(1)).answer({ reset: true, jwks: 'f1' });
    (await harness.question(2)).answer({ jwks: 'f2' });
    (await harness.question(3, 400)).answer();
    await harness.pass(0);
    expect(onKeySetFingerprint.mock.calls).toEqual([['f1'], ['f2']]);
  });

  it('continues when the listener for fingerprints throws', async () => {
    const onKeySetFingerprint = () => {
      throw new Error('of no concern here');
    };
    harness.start({ onKeySetFingerprint });
    (await harness.question(1)).answer({
      cursor: 'a',
      reset: true,
      jwks: 'f1',
      entries: [jti('one')],
    });
    expect((await harness.question(2, 200)).after).toBe('a');
    expect([harness.list.state, harness.holds('one')]).toEqual(['fresh', true]);
  });

  it('begins once, however often it is started', async () => {
    harness.start();
    harness.follower.start();
    await harness.question(1);
  });
});

describe('RevocationFollower, when it is stopped', () => {
  it('ends at once, with an answer open that nobody gives', async () => {
    harness.start();
    const open = await harness.question(1);
    await harness.follower.stop();
    expect(open.signal?.aborted).toBe(true);
  });

  it('ends at once while it leaves a failing source alone', async () => {
    harness.start();
    (await harness.question(1)).fail(new Error('down'));
    await harness.pass(0);
    await harness.follower.stop();
    await harness.question(1, 60_000);
    expect(harness.log.warn).toHaveBeenCalledTimes(1);
  });

  it('says nothing of the question that it gave up itself', async () => {
    harness.start();
    await harness.question(1);
    await harness.follower.stop();
    expect(harness.log.warn).not.toHaveBeenCalled();
  });

  it('ends without having begun, and does not begin afterwards', async () => {
    harness.make();
    await harness.follower.stop();
    harness.follower.start();
    await harness.question(0, 60_000);
  });
});

describe('RevocationFollower for an age stricter than two waits', () => {
  const strictestMs = 2_000;

  async function startStrictly(): Promise<void> {
    harness.start({ strictestMs });
    (await harness.question(1)).answer({ cursor: 'a', reset: true });
    await harness.question(2);
  }

  it('proves it by short questions while the long one is open', async () => {
    await startStrictly();
    const short = await harness.question(3, 500);
    expect([short.after, short.waitSeconds]).toEqual(['a', 0]);
    await harness.pass(100);
    expect(harness.list.proofAgeMs()).toBe(600);
    short.answer();
    await harness.pass(0);
    expect(harness.list.proofAgeMs()).toBe(100);
    await harness.question(4, 500);
  });

  it('takes in what a short question brings, and leaves the cursor to the long one', async () => {
    await startStrictly();
    (await harness.question(3, 500)).answer({ cursor: 'b', entries: [jti('one')] });
    await harness.pass(0);
    expect([harness.holds('one'), harness.list.proofAgeMs()]).toEqual([true, 0]);
    expect((await harness.question(4, 500)).after).toBe('a');
  });

  it.each<[string, Partial<RevocationBatch>]>([
    ['more to come', { more: true, entries: [jti('one')] }],
    ['a snapshot', { reset: true, entries: [jti('one')] }],
    ['very many entries', { entries: many(1_001) }],
  ])('leaves to the long question what is too much for a short one: %s', async (_, answer) => {
    await startStrictly();
    (await harness.question(3, 500)).answer(answer);
    await harness.pass(0);
    expect([harness.list.proofAgeMs(), harness.list.size]).toEqual([500, 0]);
  });

  it('outlives a short question that fails', async () => {
    await startStrictly();
    (await harness.question(3, 500)).fail(new Error('down'));
    await harness.question(4, 500);
    expect(harness.log.warn).not.toHaveBeenCalled();
  });

  it('asks none before there is a snapshot', async () => {
    harness.start({ strictestMs });
    await harness.question(1, 2_000);
  });

  it('asks none while the feed is lost', async () => {
    await startStrictly();
    (await harness.question(2)).fail(new Error('down'));
    await harness.question(3, 200);
    await harness.question(3, 2_000);
  });

  it('needs none for an age of three waits', async () => {
    harness.start({ strictestMs: 3_000 });
    (await harness.question(1)).answer({ reset: true });
    await harness.question(2);
    await harness.question(2, 900);
  });
});
