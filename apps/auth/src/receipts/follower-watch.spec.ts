import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FollowerWatch, type FollowersRead } from './follower-watch.js';
import { keyOf, type Follower } from './follower.js';
import { FOLLOWER_CHANNELS, type FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';

let saved: Follower[];
let own: OwnFollowers;
let watch: FollowerWatch;
let repository: {
  list: ReturnType<typeof vi.fn<() => Promise<Follower[]>>>;
  databaseIdentity: ReturnType<typeof vi.fn<() => Promise<string>>>;
  notify: ReturnType<typeof vi.fn<(channel: string) => Promise<void>>>;
};
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
  });
  saved = [];
  repository = {
    list: vi.fn(async () => saved),
    databaseIdentity: vi.fn(async () => 'this'),
    notify: vi.fn(async () => undefined),
  };
  own = new OwnFollowers();
  watch = new FollowerWatch(repository as unknown as FollowersRepository, own);
});
afterEach(() => vi.useRealTimers());

const follower = (instance: string): Follower => ({
  key: keyOf({ service: 'orders', instance }),
  service: 'orders',
  instance,
  position: undefined,
  seenAtMs: 0,
});

describe('all processes', () => {
  it('are asked once a second at most, by any number of callers', async () => {
    await Promise.all(Array.from({ length: 100 }, () => watch.ask()));
    await watch.ask();
    expect(repository.notify.mock.calls).toEqual([[FOLLOWER_CHANNELS.ask]]);
    await vi.advanceTimersByTimeAsync(1_000);
    await watch.ask();
    expect(repository.notify).toHaveBeenCalledTimes(2);
  });

  it('have a tenth of a second to save once what they know', async () => {
    let isOver = false;
    void watch.askOnce().then(() => (isOver = true));
    expect(repository.notify.mock.calls).toEqual([[FOLLOWER_CHANNELS.askOnce]]);
    await vi.advanceTimersByTimeAsync(99);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
  });

  it('are asked and read once a second while somebody waits, by a single timer', async () => {
    const unfollow = Array.from({ length: 100 }, () => watch.follow(() => undefined));
    await watch.ask();
    await vi.advanceTimersByTimeAsync(3_010);
    expect(repository.notify.mock.calls).toEqual(Array(4).fill([FOLLOWER_CHANNELS.ask]));
    expect(repository.list).toHaveBeenCalledTimes(3);
    unfollow.forEach((end) => end());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are asked a second later if the database has refused, while somebody waits', async () => {
    const reads: FollowersRead[] = [];
    watch.follow((read) => reads.push(read));
    repository.notify.mockRejectedValueOnce(new Error('down'));
    repository.list.mockRejectedValueOnce(new Error('down'));
    await vi.advanceTimersByTimeAsync(2_010);
    expect(repository.notify).toHaveBeenCalledTimes(2);
    expect(reads).toHaveLength(1);
  });

  it('are asked again at once if the database has refused', async () => {
    repository.notify.mockRejectedValueOnce(new Error('down'));
    await expect(watch.ask()).rejects.toThrow('down');
    await watch.ask();
    expect(repository.notify).toHaveBeenCalledTimes(2);
  });
});

describe('a read', () => {
  it('has the followers of this process that are not saved yet, and names its database', async () => {
    saved = [follower('there')];
    own.noteQuestion({ service: 'orders', instance: 'here' }, undefined, 'network');
    const { followers, databaseIdentity } = await watch.read();
    expect(followers.map(({ key }) => key)).toEqual(['orders there', 'orders here']);
    expect(databaseIdentity).toBe('this');
  });

  it.each([
    ['a read', 0, 100],
    ['those who wait', 100, 0],
  ])('leaves as much time to others as %s takes', async (_, listenersTakeMs, listTakesMs) => {
    let tookMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + tookMs);
    repository.list.mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, listTakesMs));
      return [];
    });
    watch.follow(() => (tookMs += listenersTakeMs));
    for (let n = 0; n < 100; n++) {
      watch.noteSaved();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(repository.list.mock.calls.length).toBeGreaterThan(3);
    expect(repository.list.mock.calls.length).toBeLessThanOrEqual(11);
  });

  it('begins a second after one that took long', async () => {
    repository.list.mockReturnValueOnce(
      new Promise((resolve) => setTimeout(() => resolve([]), 5_000)),
    );
    void watch.read();
    await vi.advanceTimersByTimeAsync(5_000);
    void watch.read();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(repository.list).toHaveBeenCalledTimes(2);
  });

  it('is shared, but not with a call after it began', async () => {
    let list: (followers: Follower[]) => void = () => undefined;
    repository.list.mockReturnValueOnce(new Promise((resolve) => (list = resolve)));
    const first = [watch.read(), watch.read()];
    await vi.advanceTimersByTimeAsync(1);
    const second = [watch.read(), watch.read()];
    list([]);
    saved = [follower('new')];
    await vi.advanceTimersByTimeAsync(10);
    expect((await Promise.all(first)).map(({ followers }) => followers.length)).toEqual([0, 0]);
    expect((await Promise.all(second)).map(({ followers }) => followers.length)).toEqual([1, 1]);
    expect(repository.list).toHaveBeenCalledTimes(2);
  });

  it('follows each change that is saved, for those who wait', async () => {
    watch.noteSaved();
    await vi.advanceTimersByTimeAsync(10);
    expect(repository.list).not.toHaveBeenCalled();
    const reads: FollowersRead[] = [];
    const unfollow = watch.follow((read) => reads.push(read));
    for (let n = 0; n < 100; n++) watch.noteSaved();
    await vi.advanceTimersByTimeAsync(10);
    expect(reads).toHaveLength(1);
    unfollow();
    watch.noteSaved();
    await vi.advanceTimersByTimeAsync(10);
    expect(reads).toHaveLength(1);
  });

  it('that fails is no reason not to read again', async () => {
    const reads: FollowersRead[] = [];
    watch.follow((read) => reads.push(read));
    repository.list.mockRejectedValueOnce(new Error('down'));
    watch.noteSaved();
    await vi.advanceTimersByTimeAsync(10);
    watch.noteSaved();
    await vi.advanceTimersByTimeAsync(10);
    expect(reads).toHaveLength(1);
  });
});
