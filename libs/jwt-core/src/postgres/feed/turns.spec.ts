import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('come to each caller by turns, in the order of its requests', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const note = (caller: string, name: string) => turns.next(caller).then(() => order.push(name));
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

  it('leave as much time to everything else as they take', async () => {
    const turns = new Turns();
    const startedAtMs = performance.now();
    let busyMs = 0;
    const work = async () => {
      await turns.next('one');
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
    await turns.next('one');
    for (let n = 0; n < 10_000; n++) void turns.next('one', gone.signal).then(() => (dead += 1));
    const alive = turns.next('one');
    gone.abort();
    await alive;
    await nextTurn();
    expect(dead).toBe(0);
  });
});
