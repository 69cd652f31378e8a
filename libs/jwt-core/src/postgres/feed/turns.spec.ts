import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('come to each caller by turns, in the order of its requests', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const note = (caller: string, name: string) =>
      turns.next(caller, caller).then(() => order.push(name));
    await Promise.all([
      note('zero', 'zero 0'),
      ...Array.from({ length: 50 }, (_, n) => note('one', `one ${n}`)),
      note('two', 'two 0'),
      note('three', 'three 0'),
      note('two', 'two 1'),
    ]);
    const start = ['zero 0', 'one 0', 'two 0', 'three 0', 'one 1', 'two 1', 'one 2', 'one 3'];
    expect(order.slice(0, start.length)).toEqual(start);
    expect(order).toHaveLength(54);
  });

  it('come to each reader of a caller by turns', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const note = (caller: string, reader: string) =>
      turns.next(caller, reader).then(() => order.push(`${caller} ${reader}`));
    await Promise.all([
      note('zero', 'a'),
      ...Array.from({ length: 50 }, () => note('one', 'a')),
      note('one', 'b'),
      note('two', 'a'),
      note('one', 'b'),
    ]);
    const start = ['zero a', 'one a', 'two a', 'one b', 'one a', 'one b', 'one a', 'one a'];
    expect(order.slice(0, start.length)).toEqual(start);
    expect(order).toHaveLength(54);
  });

  it('leave as much time to everything else as they take', async () => {
    const turns = new Turns();
    const startedAtMs = performance.now();
    let busyMs = 0;
    const work = async () => {
      await turns.next('one', 'a');
      const beganAtMs = performance.now();
      while (performance.now() - beganAtMs < 5);
      busyMs += performance.now() - beganAtMs;
    };
    await Promise.all(Array.from({ length: 20 }, work));
    // The last one is not followed by anything.
    expect(performance.now() - startedAtMs).toBeGreaterThan(busyMs * 1.9);
  });

  it('are not used up by callers that have gone', async () => {
    const turns = new Turns();
    const gone = new AbortController();
    let dead = 0;
    await turns.next('one', 'a');
    for (let n = 0; n < 10_000; n++)
      void turns.next('one', 'a', gone.signal).then(() => (dead += 1));
    const alive = turns.next('one', 'a');
    gone.abort();
    await alive;
    await nextTurn();
    expect(dead).toBe(0);
  });
});
