import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { FollowerHarness } from './follower.fixture.js';
import type { Revocation } from './revocation.js';

const harness = new FollowerHarness();
const exp = 1_700_000_900;
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });

describe('RevocationFollower and the clocks', () => {
  it('forgets what expired, every half minute', async () => {
    harness.start();
    (await harness.question(1)).answer({
      reset: true,
      entries: [{ ...jti('old'), exp: exp - 1_000 }],
    });
    await harness.pass(29_999);
    expect(harness.list.size).toBe(1);
    await harness.pass(1);
    await vi.waitUntil(() => harness.list.size === 0, 20_000);
  });

  it('forgets nothing early when the wall clock jumps ahead', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, entries: [jti('one')] });
    await harness.pass(0);
    harness.clock.wallMs += 3_600_000;
    await harness.pass(30_000);
    for (let turn = 0; turn < 1_000; turn++) await nextTurn();
    expect(harness.holds('one')).toBe(true);
  });

  it('reads a new snapshot when the wall clock jumps back, and keeps the old one meanwhile', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, entries: [jti('one')] });
    const second = await harness.question(2);
    harness.clock.wallMs -= 3_600_000;
    second.answer({ entries: [jti('two')] });
    const third = await harness.question(3);
    expect(third.after).toBeUndefined();
    third.answer({ cursor: 'a', reset: true, more: true, entries: [jti('one')] });
    expect((await harness.question(4)).after).toBe('a');
    expect([harness.holds('one'), harness.holds('two')]).toEqual([true, true]);
  });

  it('reads a new snapshot when the clock of the source was ahead and is corrected', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, expiredBefore: 5_000 });
    await harness.pass(250);
    (await harness.question(2, 250)).answer({ expiredBefore: 4_969, entries: [jti('two')] });
    const third = await harness.question(3);
    expect([third.after, harness.list.forgottenBefore]).toEqual([undefined, 5_000]);
    third.answer({ reset: true, more: true, expiredBefore: 4_969 });
    (await harness.question(4)).answer({
      cursor: 'b',
      expiredBefore: 4_969,
      entries: [jti('two')],
    });
    expect((await harness.question(5)).after).toBe('b');
    expect(harness.list.forgottenBefore).toBe(4_969);
  });

  it('reads none for the seconds by which two answers may differ', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true, expiredBefore: 5_000 });
    await harness.pass(250);
    (await harness.question(2, 250)).answer({
      cursor: 'a',
      expiredBefore: 4_970,
      entries: [jti('two')],
    });
    expect((await harness.question(3)).after).toBe('a');
  });

  it('reads that snapshot again when it fails', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true });
    await harness.pass(250);
    const second = await harness.question(2, 250);
    harness.clock.wallMs -= 3_600_000;
    second.fail(new Error('down'));
    (await harness.question(3, 200)).fail(new Error('down'));
    expect((await harness.question(4, 400)).after).toBeUndefined();
  });
});
