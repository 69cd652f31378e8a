import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FollowerWatch, type FollowersRead } from './follower-watch.js';
import type { Follower } from './follower.js';
import { FOLLOWER_CHANNELS, type FollowersRepository } from './followers.repository.js';

let saved: Follower[];
let watch: FollowerWatch;
let repository: {
  list: ReturnType<typeof vi.fn<(nowMs: number) => Promise<Follower[]>>>;
  notify: ReturnType<typeof vi.fn<(channel: string) => Promise<void>>>;
};
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  saved = [];
  repository = { list: vi.fn(async () => saved), notify: vi.fn(async () => undefined) };
  watch = new FollowerWatch(repository as unknown as FollowersRepository);
});
afterEach(() => vi.useRealTimers());

const follower = (instance: string): Follower => ({
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

  it('have a tenth of a second to save what they know', async () => {
    const { answered } = await watch.ask();
    let isOver = false;
    void answered.then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
  });

  it('are asked again at once if the database has refused', async () => {
    repository.notify.mockRejectedValueOnce(new Error('down'));
    await expect(watch.ask()).rejects.toThrow('down');
    await watch.ask();
    expect(repository.notify).toHaveBeenCalledTimes(2);
  });
});

describe('a read', () => {
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
