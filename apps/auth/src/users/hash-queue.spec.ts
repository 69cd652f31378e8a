import { describe, expect, it } from 'vitest';

import { HashQueue } from './hash-queue.js';

/** Work that ends when it is told to. */
function held(): { work: () => Promise<void>; end: () => void; hasBegun: () => boolean } {
  let begun = false;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = (): Promise<void> => {
    begun = true;
    return ended;
  };
  return { work, end: () => end(), hasBegun: () => begun };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the gate before hashing', () => {
  it('lets so many run at once, and the next when one is done', async () => {
    const gate = new HashQueue(2, 10);
    const [first, second, third] = [held(), held(), held()];
    const runs = [first, second, third].map(({ work }) => gate.run(work));
    await settled();
    expect([first, second, third].map(({ hasBegun }) => hasBegun())).toEqual([true, true, false]);
    second.end();
    await runs[1];
    await settled();
    expect(third.hasBegun()).toBe(true);
    first.end();
    third.end();
    await Promise.all(runs);
  });

  it('lets those who wait run in the order in which they came', async () => {
    const gate = new HashQueue(1, 10);
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4].map((n) => gate.run(async () => void order.push(n))));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('turns away at once whoever finds the queue full, and says when to come back', async () => {
    const gate = new HashQueue(1, 1);
    const [first, second] = [held(), held()];
    const runs = [first, second].map(({ work }) => gate.run(work));
    await expect(gate.run(async () => 'never')).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfterSeconds: 1,
    });
    first.end();
    second.end();
    await Promise.all(runs);
  });

  it('gives the place back when the work fails', async () => {
    const gate = new HashQueue(1, 0);
    await expect(gate.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(gate.run(async () => 'next')).resolves.toBe('next');
  });

  it('never runs more at once, however many come and go', async () => {
    const gate = new HashQueue(2, 1000);
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await settled();
      running -= 1;
    };
    await Promise.all(Array.from({ length: 200 }, () => gate.run(work)));
    await Promise.all(Array.from({ length: 200 }, () => gate.run(work)));
    expect(most).toBe(2);
  });
});
