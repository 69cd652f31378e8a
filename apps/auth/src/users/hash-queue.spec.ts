import { describe, expect, it } from 'vitest';

import { HashQueue } from './hash-queue.js';

/** Work that ends on demand. */
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

describe('the queue for hashing', () => {
  it('runs the permitted number at once, and the next when one is done', async () => {
    const queue = new HashQueue(2, 10);
    const [first, second, third] = [held(), held(), held()];
    const runs = [first, second, third].map(({ work }) => queue.run('net', work));
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

  it('keeps the order of a network', async () => {
    const queue = new HashQueue(1, 10);
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4].map((n) => queue.run('net', async () => void order.push(n))));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('refuses at once when the queue is full, and says when to retry', async () => {
    const queue = new HashQueue(1, 1);
    const [first, second] = [held(), held()];
    const runs = [first, second].map(({ work }) => queue.run('net', work));
    await expect(queue.run('net', async () => 'never')).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfterSeconds: 1,
    });
    first.end();
    second.end();
    await Promise.all(runs);
  });

  it('frees the place when the work fails', async () => {
    const queue = new HashQueue(1, 0);
    await expect(queue.run('net', () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    await expect(queue.run('net', async () => 'next')).resolves.toBe('next');
  });

  it('never runs more at once, however many callers there are', async () => {
    const queue = new HashQueue(2, 1000);
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await settled();
      running -= 1;
    };
    await Promise.all(Array.from({ length: 200 }, () => queue.run('net', work)));
    await Promise.all(Array.from({ length: 200 }, () => queue.run('net', work)));
    expect(most).toBe(2);
  });

  it('lets networks take turns, however many places one of them has', async () => {
    const queue = new HashQueue(1, 100);
    const order: string[] = [];
    const from = (network: string): Promise<void> =>
      queue.run(network, async () => void order.push(network));
    const flood = Array.from({ length: 50 }, () => from('flood'));
    await Promise.all([...flood, from('one'), from('other'), from('one')]);
    // The first was running when the others came.
    expect(order.slice(0, 6)).toEqual(['flood', 'flood', 'one', 'other', 'flood', 'one']);
  });

  it('gives the last place of the network with most places to one with fewer', async () => {
    const queue = new HashQueue(1, 4);
    const running = held();
    const runs = [queue.run('flood', running.work)];
    const flood = Array.from({ length: 4 }, (_, n) => queue.run('flood', async () => n));
    const newcomer = queue.run('new', async () => 'in');
    await expect(flood[3]).rejects.toMatchObject({ code: 'too_many_attempts' });
    await expect(queue.run('flood', async () => 'late')).rejects.toMatchObject({
      code: 'too_many_attempts',
    });
    running.end();
    await expect(Promise.all([...runs, ...flood.slice(0, 3), newcomer])).resolves.toEqual([
      undefined,
      0,
      1,
      2,
      'in',
    ]);
    expect(queue.load).toEqual({ running: 0, waiting: 0 });
  });

  it('takes no place from networks that have one each', async () => {
    const queue = new HashQueue(1, 3);
    const running = held();
    const runs = [
      queue.run('a', running.work),
      ...['a', 'b', 'c'].map((network) => queue.run(network, async () => undefined)),
    ];
    await expect(queue.run('d', async () => 'never')).rejects.toMatchObject({
      code: 'too_many_attempts',
    });
    running.end();
    await Promise.all(runs);
  });
});
