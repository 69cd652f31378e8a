import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FollowerExchange } from './follower-exchange.js';
import { FollowerKeeper } from './follower-keeper.js';
import type { FollowersRepository } from './followers.repository.js';
import type { Follower } from './follower.js';
import { OwnFollowers } from './own-followers.js';

const FOLLOWERS = 500;

let nowMs: number;
let own: OwnFollowers;
let keeper: FollowerKeeper;
let repository: {
  save: ReturnType<typeof vi.fn<(process: string, followers: Follower[]) => Promise<void>>>;
  remove: ReturnType<typeof vi.fn<(left: object[]) => Promise<object[]>>>;
  removeForgotten: ReturnType<typeof vi.fn<() => Promise<void>>>;
  notify: ReturnType<typeof vi.fn<(messages: string[]) => Promise<void>>>;
};
beforeEach(() => {
  nowMs = 100_000;
  repository = {
    save: vi.fn(async () => undefined),
    remove: vi.fn(async () => []),
    removeForgotten: vi.fn(async () => undefined),
    notify: vi.fn(async () => undefined),
  };
  own = new OwnFollowers({ monotonicNow: () => nowMs });
  const sql = repository as unknown as FollowersRepository;
  keeper = new FollowerKeeper(own, sql, new FollowerExchange(own, sql));
});

const ask = (instance: string, transactionId: bigint): void =>
  own.noteQuestion({ service: 'orders', instance }, new FeedPosition(transactionId), 'here')();
const askAll = (transactionId: bigint): void => {
  for (let n = 0; n < FOLLOWERS; n++) ask(`${n}`, transactionId);
};
/** How many rows each call of `save` has written. One without rows sends no statement. */
const written = (): number[] =>
  repository.save.mock.calls.map(([, { length }]) => length).filter((rows) => rows > 0);

describe(`${FOLLOWERS} followers that ask every second`, () => {
  it('are saved in one statement every five seconds', async () => {
    for (let second = 0; second < 12; second++) {
      askAll(second < 7 ? 7n : 8n);
      await keeper.save(nowMs);
      nowMs += 1_000;
    }
    expect(written()).toEqual([FOLLOWERS, FOLLOWERS, FOLLOWERS]);
    expect(repository.notify).not.toHaveBeenCalled();
  });

  it('are saved five seconds after a save that failed', async () => {
    askAll(7n);
    repository.save.mockRejectedValueOnce(new Error('down'));
    await expect(keeper.save(nowMs)).rejects.toThrow('down');
    await keeper.save((nowMs += 5_000));
    expect(written()).toEqual([FOLLOWERS, FOLLOWERS]);
  });

  it('have those removed that have been silent for long, once a minute', async () => {
    for (let second = 0; second < 180; second++) {
      await keeper.save(nowMs);
      nowMs += 1_000;
    }
    expect(repository.removeForgotten).toHaveBeenCalledTimes(3);
  });
});

describe('a follower that leaves', () => {
  it('is removed, and reported to the other processes', async () => {
    ask('a', 7n);
    own.noteLeave({ service: 'orders', instance: 'a' });
    await keeper.save(nowMs);
    expect(repository.remove.mock.calls[0]?.[0]).toMatchObject([{ instance: 'a' }]);
    expect(JSON.parse(repository.notify.mock.calls[0]?.[0][0] ?? '')).toMatchObject({
      type: 'report',
      left: [['orders', 'a']],
    });
    expect(written()).toEqual([]);
  });

  it('is only reported if it was known, to this process or to another', async () => {
    own.noteLeave({ service: 'orders', instance: 'made-up' });
    await keeper.save(nowMs);
    expect(repository.notify).not.toHaveBeenCalled();
    repository.remove.mockImplementation(async (left) => left);
    own.noteLeave({ service: 'orders', instance: 'elsewhere' });
    await keeper.save(nowMs);
    expect(repository.notify).toHaveBeenCalledOnce();
  });

  it('is not removed if it asks again before that', async () => {
    ask('a', 7n);
    own.noteLeave({ service: 'orders', instance: 'a' });
    ask('a', 7n);
    await keeper.save(nowMs);
    expect(repository.remove).not.toHaveBeenCalled();
    expect(written()).toEqual([1]);
  });

  it('is not written by a save that began before, and is removed once that has ended', async () => {
    let write: () => void = () => undefined;
    repository.save.mockReturnValueOnce(new Promise((resolve) => (write = resolve)));
    ask('a', 7n);
    const before = keeper.save(nowMs);
    await expect.poll(written).toEqual([1]);
    own.noteLeave({ service: 'orders', instance: 'a' });
    const after = keeper.save(nowMs);
    await new Promise((resolve) => setImmediate(resolve));
    expect(repository.remove).not.toHaveBeenCalled();
    write();
    await Promise.all([before, after]);
    expect(repository.remove).toHaveBeenCalledOnce();
    expect(written()).toEqual([1]);
  });

  it('is removed by the next save if one fails', async () => {
    own.noteLeave({ service: 'orders', instance: 'a' });
    repository.remove.mockRejectedValueOnce(new Error('down'));
    await expect(keeper.save(nowMs)).rejects.toThrow('down');
    await keeper.save(nowMs);
    await keeper.save(nowMs);
    expect(repository.remove).toHaveBeenCalledTimes(2);
  });

  it('is one of a bounded number, also when its name is made up', async () => {
    for (let n = 0; n < 5_000; n++) own.noteLeave({ service: 'made-up', instance: `${n}` });
    await keeper.save(nowMs);
    expect(repository.remove.mock.calls[0]?.[0]).toHaveLength(2_000);
  });
});

describe('a keeper that runs', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    keeper.onApplicationBootstrap();
  });
  afterEach(async () => {
    await keeper.onModuleDestroy();
    vi.useRealTimers();
  });

  /** Runs `change` when a save has begun, which ends a moment later. */
  async function duringSave(change: () => void): Promise<void> {
    let write: () => void = () => undefined;
    repository.save.mockReturnValueOnce(new Promise((resolve) => (write = resolve)));
    ask('first', 7n);
    await vi.advanceTimersByTimeAsync(500);
    expect(written()).toEqual([1]);
    change();
    write();
    await vi.advanceTimersByTimeAsync(0);
  }

  it('saves within a second a follower that came during a save', async () => {
    await duringSave(() => ask('second', 7n));
    await vi.advanceTimersByTimeAsync(900);
    expect(written()).toEqual([1, 1]);
  });

  it('removes within a second a follower that left during a save', async () => {
    await duringSave(() => own.noteLeave({ service: 'orders', instance: 'first' }));
    await vi.advanceTimersByTimeAsync(900);
    expect(repository.remove).toHaveBeenCalledOnce();
  });

  it('saves twice a second at most, however many followers come', async () => {
    for (let n = 0; n < 100; n++) {
      ask(`made-up-${n}`, 7n);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(written().length).toBeGreaterThan(5);
    expect(written().length).toBeLessThanOrEqual(11);
  });

  it('begins no save while one is under way, and one after it', async () => {
    let write: () => void = () => undefined;
    repository.save.mockReturnValueOnce(new Promise((resolve) => (write = resolve)));
    for (let n = 0; n < 20; n++) {
      ask(`new-${n}`, 7n);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(written()).toEqual([1]);
    write();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written()).toEqual([1, 20]);
  });

  it('saves every five seconds what only waits', async () => {
    ask('first', 7n);
    await vi.advanceTimersByTimeAsync(20_500);
    expect(written()).toEqual([1, 1, 1, 1, 1]);
  });

  it('does not save sooner a follower that only moved during a save', async () => {
    await duringSave(() => ask('first', 8n));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(written()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written()).toEqual([1, 1]);
  });
});
