import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { FollowerHarness } from './follower.fixture.js';
import type { RevocationBatch } from './revocation-source.js';
import type { Revocation } from './revocation.js';

const harness = new FollowerHarness();
const exp = 1_700_000_900;
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });

describe('RevocationFollower, when its source fails', () => {
  it('reads again within a second each time, with the same cursor and without a wait', async () => {
    harness.start();
    (await harness.question(1)).answer({ cursor: 'a', reset: true });
    for (let failed = 2; failed < 12; failed++) {
      (await harness.question(failed)).fail(new Error('down'));
      await harness.pass(1_000);
    }
    const last = await harness.question(12);
    expect([last.after, last.waitSeconds]).toEqual(['a', 0]);
    last.answer();
    expect((await harness.question(13)).waitSeconds).toBe(3);
  });

  it('pauses longer with each failure', async () => {
    harness.start();
    (await harness.question(1)).fail(new Error('down'));
    await harness.pass(99);
    await harness.question(1);
    await harness.pass(101);
    (await harness.question(2)).fail(new Error('down'));
    await harness.pass(199);
    await harness.question(2);
    await harness.pass(201);
    for (let failed = 3; failed < 6; failed++) {
      (await harness.question(failed)).fail(new Error('down'));
      await harness.pass(1_000);
    }
    (await harness.question(6)).fail(new Error('down'));
    await harness.pass(499);
    await harness.question(6);
  });

  it('logs once when the feed is lost, and once when it is back', async () => {
    harness.start();
    for (let failed = 1; failed < 5; failed++) {
      (await harness.question(failed)).fail(new Error('connection refused'));
      await harness.pass(1_000);
    }
    expect(harness.log.warn.mock.calls).toEqual([['Revocation feed lost: connection refused']]);
    expect(harness.log.log).not.toHaveBeenCalled();
    (await harness.question(5)).answer({ reset: true });
    (await harness.question(6)).answer({ entries: [jti('one')] });
    await harness.pass(0);
    expect(harness.log.log.mock.calls).toEqual([['Revocation feed back after 4 s']]);
    (await harness.question(7)).fail('down again');
    await harness.pass(0);
    expect(harness.log.warn.mock.calls[1]).toEqual(['Revocation feed lost: down again']);
  });

  it('reports each failure, and no end of its own', async () => {
    const onFailure = vi.fn<() => void>();
    harness.start({ onFailure });
    (await harness.question(1)).answer({ reset: true });
    (await harness.question(2)).fail(new Error('down'));
    await harness.pass(0);
    expect(onFailure).toHaveBeenCalledTimes(1);
    await harness.question(3, 1_000);
    await harness.follower.stop();
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('survives a source that throws instead of rejecting', async () => {
    let isBroken = true;
    const read = harness.source.read.bind(harness.source);
    harness.source.read = (...asked) => {
      if (isBroken) throw new Error('broken');
      return read(...asked);
    };
    harness.start();
    await harness.pass(0);
    isBroken = false;
    (await harness.question(1, 200)).answer({ reset: true });
    await harness.pass(0);
    expect(harness.list.state).toBe('fresh');
  });

  it('gives up an answer that is five seconds late, even if the source does not', async () => {
    harness.start();
    (await harness.question(1)).answer({ cursor: 'a', reset: true, entries: [jti('one')] });
    const lost = await harness.question(2);
    await harness.pass(7_999);
    expect(lost.signal?.aborted).toBe(false);
    await harness.pass(1);
    expect(lost.signal?.aborted).toBe(true);
    const next = await harness.question(3, 200);
    lost.answer({ cursor: 'late', entries: [jti('late')] });
    next.answer({ cursor: 'b' });
    expect((await harness.question(4)).after).toBe('b');
    expect(harness.holds('late')).toBe(false);
  });

  it.each<[string, Partial<RevocationBatch>]>([
    ['empty answers', {}],
    ['empty pages', { more: true }],
    ['snapshots', { reset: true, entries: [jti('one')] }],
    ['other fingerprints', { jwks: 'f2' }],
  ])(
    'does not loop without a pause when the source returns %s without a wait',
    async (_, answer) => {
      harness.start();
      (await harness.question(1)).answer({ reset: true, entries: [jti('one')] });
      for (let number = 2; number < 6; number++) {
        (await harness.question(number)).answer(answer);
        await harness.question(number, 199);
        await harness.pass(201);
      }
    },
  );

  it('reads on at once after an early answer with entries', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true });
    (await harness.question(2)).answer({ entries: [jti('one')] });
    await harness.question(3);
  });

  it('reads on at once after an empty answer at the end of the wait', async () => {
    harness.start();
    (await harness.question(1)).answer({ reset: true });
    const second = await harness.question(2);
    await harness.pass(3_000);
    second.answer();
    await harness.question(3);
  });
});

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
