import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FollowerKeeper } from './follower-keeper.js';
import { FOLLOWER_CHANNELS, type FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';

const FOLLOWERS = 500;

const fakeRepository = () => ({
  save: vi.fn<FollowersRepository['save']>(async () => undefined),
  remove: vi.fn<FollowersRepository['remove']>(async () => undefined),
  removeOf: vi.fn<FollowersRepository['removeOf']>(async () => undefined),
  removeForgotten: vi.fn<FollowersRepository['removeForgotten']>(async () => undefined),
  notify: vi.fn<FollowersRepository['notify']>(async () => undefined),
});
let nowMs: number;
let own: OwnFollowers;
let keeper: FollowerKeeper;
let repository: ReturnType<typeof fakeRepository>;
beforeEach(() => {
  nowMs = 100_000;
  repository = fakeRepository();
  own = new OwnFollowers({ monotonicNow: () => nowMs });
  keeper = new FollowerKeeper(own, repository as unknown as FollowersRepository);
});

const ask = (instance: string, transactionId: bigint): void =>
  own.noteQuestion({ service: 'orders', instance }, new FeedPosition(transactionId), 'here')();
const askAll = (transactionId: bigint): void => {
  for (let n = 0; n < FOLLOWERS; n++) ask(`${n}`, transactionId);
};
/** The next save takes until the result is called. */
function holdSave(): () => void {
  let write: () => void = () => undefined;
  repository.save.mockReturnValueOnce(new Promise((resolve) => (write = resolve)));
  return () => write();
}
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

  it('are saved half a second after a save that failed', async () => {
    askAll(7n);
    repository.save.mockRejectedValueOnce(new Error('down'));
    await expect(keeper.save(nowMs)).rejects.toThrow('down');
    await keeper.save((nowMs += 500));
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
  it('is removed, whichever process it asked', async () => {
    ask('a', 7n);
    for (const instance of ['a', 'b']) own.noteLeave({ service: 'orders', instance });
    await keeper.save(nowMs);
    expect(repository.remove.mock.calls[0]?.[0].map(({ instance }) => instance)).toEqual([
      'a',
      'b',
    ]);
    expect(written()).toEqual([]);
  });

  it('at another process is forgotten here', async () => {
    ask('a', 7n);
    keeper.noteLeft('orders a');
    await keeper.save(nowMs);
    expect(written()).toEqual([]);
    expect(repository.remove).not.toHaveBeenCalled();
  });

  it('at another process while this one saves it leaves no row of this one', async () => {
    const write = holdSave();
    ask('a', 7n);
    const before = keeper.save(nowMs);
    await expect.poll(written).toEqual([1]);
    keeper.noteLeft('orders a');
    write();
    await Promise.all([before, keeper.save(nowMs)]);
    const [process] = repository.save.mock.calls[0] ?? [];
    expect(repository.removeOf.mock.calls).toMatchObject([[process, [{ instance: 'a' }]]]);
    expect(repository.remove).not.toHaveBeenCalled();
  });

  it('is removed everywhere, whatever another process says of it', async () => {
    own.noteLeave({ service: 'orders', instance: 'a' });
    vi.spyOn(own, 'forget').mockReturnValue({ service: 'orders', instance: 'a' });
    keeper.noteLeft('orders a');
    await keeper.save(nowMs);
    expect(repository.remove).toHaveBeenCalledOnce();
    expect(repository.removeOf).not.toHaveBeenCalled();
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
    const write = holdSave();
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

describe('a follower that this process forgets', () => {
  it('after ten minutes of silence may ask another process: its row stays', async () => {
    ask('a', 7n);
    await keeper.save(nowMs);
    await keeper.save((nowMs += 600_001));
    expect(own.list()).toEqual([]);
    expect(repository.remove).not.toHaveBeenCalled();
    expect(repository.removeOf).not.toHaveBeenCalled();
  });

  it('as there are too many is removed, unless another process has seen it since', async () => {
    own = new OwnFollowers({ monotonicNow: () => nowMs, limits: { total: 1, perNetwork: 1 } });
    keeper = new FollowerKeeper(own, repository as unknown as FollowersRepository);
    ask('a', 7n);
    await keeper.save(nowMs);
    ask('b', 7n);
    await keeper.save(nowMs);
    expect(repository.remove).not.toHaveBeenCalled();
    const [process] = repository.save.mock.calls[0] ?? [];
    expect(repository.removeOf.mock.calls).toMatchObject([[process, [{ instance: 'a' }]]]);
  });
});

describe('a keeper that runs', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
    });
    keeper.onApplicationBootstrap();
  });
  afterEach(async () => {
    await keeper.onModuleDestroy();
    vi.useRealTimers();
  });

  async function saveFirst(): Promise<void> {
    ask('first', 7n);
    await vi.advanceTimersByTimeAsync(500);
  }

  /** Runs `change` when a save has begun, which ends a moment later. */
  async function duringSave(change: () => void): Promise<void> {
    const write = holdSave();
    await saveFirst();
    expect(written()).toEqual([1]);
    change();
    write();
    await vi.advanceTimersByTimeAsync(0);
  }

  it('saves within a second a follower that came during a save', async () => {
    await duringSave(() => [7n, 8n].forEach((id) => ask('second', id)));
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
    const write = holdSave();
    for (let n = 0; n < 20; n++) {
      ask(`new-${n}`, 7n);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(written()).toEqual([1]);
    write();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written()).toEqual([1, 20]);
  });

  it('saves changes at once while somebody waits, and says so', async () => {
    await saveFirst();
    ask('first', 8n);
    keeper.noteAsk();
    await vi.advanceTimersByTimeAsync(5);
    expect(written()).toEqual([1, 1]);
    ask('first', 9n);
    ask('second', 9n);
    await vi.advanceTimersByTimeAsync(5);
    expect(written()).toEqual([1, 1, 2]);
    own.noteLeave({ service: 'orders', instance: 'second' });
    await vi.advanceTimersByTimeAsync(5);
    expect(repository.remove).toHaveBeenCalledOnce();
    expect(repository.notify.mock.calls).toEqual(Array(3).fill([FOLLOWER_CHANNELS.saved]));
  });

  it('says what it saved if somebody asks during the save', async () => {
    await duringSave(() => keeper.noteAsk());
    expect(repository.notify.mock.calls).toEqual([[FOLLOWER_CHANNELS.saved]]);
  });

  it('says what it saved after a save that failed', async () => {
    await saveFirst();
    keeper.noteAsk();
    await vi.advanceTimersByTimeAsync(5);
    repository.save.mockRejectedValueOnce(new Error('down'));
    ask('first', 8n);
    await vi.advanceTimersByTimeAsync(5);
    expect(repository.notify).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5);
    expect(repository.notify.mock.calls).toEqual([[FOLLOWER_CHANNELS.saved]]);
  });

  it('saves all at once for somebody who does not wait, and then as before', async () => {
    await saveFirst();
    ask('first', 8n);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written()).toEqual([1]);
    keeper.noteAskOnce();
    await vi.advanceTimersByTimeAsync(5);
    expect(written()).toEqual([1, 1]);
    ask('first', 9n);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(written()).toEqual([1, 1]);
    expect(repository.notify).not.toHaveBeenCalled();
  });

  it('saves soon for somebody who asks once during a save', async () => {
    await duringSave(() => {
      ask('second', 7n);
      keeper.noteAskOnce();
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(written()).toEqual([1, 1]);
  });

  it('saves changes as before three seconds after the last ask', async () => {
    await saveFirst();
    keeper.noteAsk();
    await vi.advanceTimersByTimeAsync(3_001);
    const before = written().length;
    ask('first', 8n);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written()).toHaveLength(before);
    expect(repository.notify).not.toHaveBeenCalled();
  });

  it('saves all once a second while somebody waits: it shows since when one is silent', async () => {
    await saveFirst();
    for (let second = 0; second < 3; second++) {
      keeper.noteAsk();
      await vi.advanceTimersByTimeAsync(1_002);
    }
    expect(written()).toEqual([1, 1, 1, 1]);
  });

  it('leaves the database as much time between two saves as one takes', async () => {
    ask('first', 7n);
    keeper.noteAsk();
    repository.save.mockImplementation(() => new Promise((resolve) => setTimeout(resolve, 100)));
    for (let n = 0; n < 100; n++) {
      ask('first', BigInt(8 + n));
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(written().length).toBeGreaterThan(3);
    expect(written().length).toBeLessThanOrEqual(6);
    repository.save.mockResolvedValue();
    await vi.advanceTimersByTimeAsync(500);
  });

  it('saves half a second after a save that took long', async () => {
    const write = holdSave();
    ask('first', 7n);
    await vi.advanceTimersByTimeAsync(3_000);
    keeper.noteAsk();
    ask('first', 8n);
    write();
    await vi.advanceTimersByTimeAsync(500);
    expect(written()).toEqual([1, 1]);
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
