import { describe, expect, it } from 'vitest';
import { FollowerBench } from './follower-bench.spec-support.js';
import type { Revocation } from './revocation.js';
import type { RevocationBatch } from './revocation-source.js';

const bench = new FollowerBench();
const exp = 1_700_000_900;
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });

describe('RevocationFollower, when its source fails', () => {
  it('asks again within a second each time, with the same cursor and without a wait', async () => {
    bench.start();
    (await bench.question(1)).answer({ cursor: 'a', reset: true });
    for (let failed = 2; failed < 12; failed++) {
      (await bench.question(failed)).fail(new Error('down'));
      await bench.pass(1_000);
    }
    const last = await bench.question(12);
    expect([last.after, last.waitSeconds]).toEqual(['a', 0]);
    last.answer();
    expect((await bench.question(13)).waitSeconds).toBe(3);
  });

  it('leaves the source alone for longer the longer it fails', async () => {
    bench.start();
    (await bench.question(1)).fail(new Error('down'));
    await bench.pass(99);
    await bench.question(1);
    await bench.pass(101);
    (await bench.question(2)).fail(new Error('down'));
    await bench.pass(199);
    await bench.question(2);
    await bench.pass(201);
    for (let failed = 3; failed < 6; failed++) {
      (await bench.question(failed)).fail(new Error('down'));
      await bench.pass(1_000);
    }
    (await bench.question(6)).fail(new Error('down'));
    await bench.pass(499);
    await bench.question(6);
  });

  it('logs once when the feed is lost, and once when it is back', async () => {
    bench.start();
    for (let failed = 1; failed < 5; failed++) {
      (await bench.question(failed)).fail(new Error('connection refused'));
      await bench.pass(1_000);
    }
    expect(bench.log.warn.mock.calls).toEqual([['Revocation feed lost: connection refused']]);
    expect(bench.log.log).not.toHaveBeenCalled();
    (await bench.question(5)).answer({ reset: true });
    (await bench.question(6)).answer({ entries: [jti('one')] });
    await bench.pass(0);
    expect(bench.log.log.mock.calls).toEqual([['Revocation feed back after 4 s']]);
    (await bench.question(7)).fail('down again');
    await bench.pass(0);
    expect(bench.log.warn.mock.calls[1]).toEqual(['Revocation feed lost: down again']);
  });

  it('survives a source that throws instead of rejecting', async () => {
    let isBroken = true;
    const read = bench.source.read.bind(bench.source);
    bench.source.read = (...asked) => {
      if (isBroken) throw new Error('broken');
      return read(...asked);
    };
    bench.start();
    await bench.pass(0);
    isBroken = false;
    (await bench.question(1, 200)).answer({ reset: true });
    await bench.pass(0);
    expect(bench.list.state).toBe('fresh');
  });

  it('gives up an answer that is five seconds late, though the source does not', async () => {
    bench.start();
    (await bench.question(1)).answer({ cursor: 'a', reset: true, entries: [jti('one')] });
    const lost = await bench.question(2);
    await bench.pass(7_999);
    expect(lost.signal?.aborted).toBe(false);
    await bench.pass(1);
    expect(lost.signal?.aborted).toBe(true);
    const next = await bench.question(3, 200);
    lost.answer({ cursor: 'late', entries: [jti('late')] });
    next.answer({ cursor: 'b' });
    expect((await bench.question(4)).after).toBe('b');
    expect(bench.holds('late')).toBe(false);
  });

  it.each<[string, Partial<RevocationBatch>]>([
    ['empty answers', {}],
    ['empty pages', { more: true }],
    ['snapshots', { reset: true, entries: [jti('one')] }],
    ['other fingerprints', { jwks: 'f2' }],
  ])('does not ask in a circle when it gives %s without a wait', async (_, answer) => {
    bench.start();
    (await bench.question(1)).answer({ reset: true, entries: [jti('one')] });
    for (let number = 2; number < 6; number++) {
      (await bench.question(number)).answer(answer);
      await bench.question(number, 199);
      await bench.pass(201);
    }
  });

  it('asks on at once after an early answer with entries', async () => {
    bench.start();
    (await bench.question(1)).answer({ reset: true });
    (await bench.question(2)).answer({ entries: [jti('one')] });
    await bench.question(3);
  });

  it('asks on at once after an empty answer that came when the wait was over', async () => {
    bench.start();
    (await bench.question(1)).answer({ reset: true });
    const second = await bench.question(2);
    await bench.pass(3_000);
    second.answer();
    await bench.question(3);
  });
});
