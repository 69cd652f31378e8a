import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { beforeEach, describe, expect, it } from 'vitest';

import { FollowerExchange } from './follower-exchange.js';
import type { FollowersRepository, SavedFollower } from './followers.repository.js';
import { OwnFollowers, type FollowerChange } from './own-followers.js';

let saved: SavedFollower[];
let onNotify: (message: string) => void;
/** Of the first of several messages. */
let beforeNotify: () => Promise<void>;
let notifying: number;
let own: OwnFollowers;
let here: FollowerExchange;
let there: FollowerExchange;
let thereOwn: OwnFollowers;

/** An auth process that hears all others. */
function exchangeOf(followers: OwnFollowers): FollowerExchange {
  const repository = {
    list: async () => saved,
    notify: async (messages: string[]) => {
      notifying += 1;
      const isFirst = notifying === 1;
      if (isFirst) await beforeNotify();
      messages.forEach((message) => onNotify(message));
      notifying -= 1;
    },
  };
  return new FollowerExchange(followers, repository as unknown as FollowersRepository);
}

beforeEach(() => {
  saved = [];
  notifying = 0;
  beforeNotify = async () => undefined;
  [own, thereOwn] = [new OwnFollowers(), new OwnFollowers()];
  [here, there] = [exchangeOf(own), exchangeOf(thereOwn)];
  onNotify = (message) => {
    here.receive(message);
    there.receive(message);
  };
});

const ask = (followers: OwnFollowers, instance: string, transactionId: bigint): (() => void) =>
  followers.noteQuestion({ service: 'orders', instance }, new FeedPosition(transactionId), 'x');
const positions = (exchange: FollowerExchange): Record<string, string> =>
  Object.fromEntries(
    exchange.list().map(({ instance, position }) => [instance, String(position?.transactionId)]),
  );
const savedAt = (process: string, instance: string, transactionId: bigint): SavedFollower => ({
  process,
  follower: {
    service: 'orders',
    instance,
    position: new FeedPosition(transactionId),
    seenAtMs: performance.now() - 1_000,
  },
});

describe('the followers of all processes', () => {
  it('are those that are saved, those that are reported, and each change after that', async () => {
    ask(own, 'own', 5n);
    ask(thereOwn, 'reported', 6n);
    saved = [savedAt(there.process, 'reported', 4n), savedAt(there.process, 'moved on', 3n)];
    const { answered } = await here.ask();
    await answered;
    expect(positions(here)).toEqual({ own: '5', reported: '6', 'moved on': '3' });
    ask(thereOwn, 'reported', 7n);
    ask(thereOwn, 'new', 7n);
    await expect
      .poll(() => positions(here))
      .toEqual({ own: '5', reported: '7', new: '7', 'moved on': '3' });
  });

  it('are not reported while nobody has asked', async () => {
    let messages = 0;
    onNotify = () => (messages += 1);
    for (let n = 0; n < 100; n++) ask(thereOwn, 'a', BigInt(n));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(messages).toBe(0);
  });

  it('change in a few reports, however many they are', async () => {
    for (let n = 0; n < 500; n++) ask(thereOwn, `${n}`, 5n);
    await here.ask();
    await expect.poll(() => Object.keys(positions(here)).length).toBe(500);
    let messages = 0;
    onNotify = (message) => {
      messages += 1;
      here.receive(message);
    };
    for (let n = 0; n < 500; n++) ask(thereOwn, `${n}`, 6n);
    await expect.poll(() => new Set(Object.values(positions(here)))).toEqual(new Set(['6']));
    expect(messages).toBeLessThan(20);
  });

  it('count by the last report of a process, however long an earlier one took to arrive', async () => {
    const reports: string[] = [];
    ask(thereOwn, 'a', 5n);
    onNotify = (message) => {
      if (message.includes('"report"')) reports.push(message);
      else there.receive(message);
    };
    await here.ask();
    await expect.poll(() => reports.length).toBe(1);
    // It has been under way for two seconds when the next one comes.
    const late = JSON.parse(reports[0] ?? '') as object;
    here.receive(JSON.stringify(late));
    const next = {
      ...late,
      positions: [['6', []]],
      followers: [['orders', 'a', null, 0, 2_000]],
    };
    here.receive(JSON.stringify(next));
    expect(positions(here)).toEqual({ a: '6' });
  });

  it('count by the process that has heard of them last', async () => {
    ask(own, 'a', 9n);
    saved = [savedAt(there.process, 'a', 4n)];
    await here.ask();
    expect(positions(here)).toEqual({ a: '9' });
  });

  it('are gone at all processes when they leave', async () => {
    const changes: FollowerChange[] = [];
    saved = [savedAt(there.process, 'a', 4n)];
    ask(thereOwn, 'a', 5n);
    await here.ask();
    here.onChange((change) => changes.push(change));
    await here.reportLeft([{ service: 'orders', instance: 'a' }]);
    expect(thereOwn.list()).toEqual([]);
    await there.reportLeft([{ service: 'orders', instance: 'a' }]);
    expect(positions(here)).toEqual({});
    expect(changes.at(-1)).toMatchObject({ kind: 'left', identity: { instance: 'a' } });
  });

  it('are known while they are not saved yet, however often is asked', async () => {
    await here.ask();
    ask(thereOwn, 'new', 7n);
    await expect.poll(() => positions(here)).toEqual({ new: '7' });
    onNotify = () => undefined;
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    await here.ask();
    expect(positions(here)).toEqual({ new: '7' });
  });

  it('are at most 20,000 at other processes', async () => {
    const process = '5f3c7d6a-0f4e-4d53-9d0b-3a0c5f2b8f10';
    saved = Array.from({ length: 20_001 }, (_, n) => savedAt(process, `${n}`, 4n));
    await here.ask();
    expect(here.list()).toHaveLength(20_000);
  });

  it('are gone when they leave, even if a report of them is under way', async () => {
    await here.ask();
    ask(thereOwn, 'a', 5n);
    await expect.poll(() => positions(here)).toEqual({ a: '5' });
    let send: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => (send = resolve));
    beforeNotify = () => sent;
    ask(thereOwn, 'a', 6n);
    await expect.poll(() => notifying).toBe(1);
    const left = there.reportLeft([{ service: 'orders', instance: 'a' }]);
    send();
    await left;
    expect(positions(here)).toEqual({});
  });

  it('are answered for within a quarter of a second, even for a process that has ended', async () => {
    saved = [savedAt('5f3c7d6a-0f4e-4d53-9d0b-3a0c5f2b8f10', 'a', 4n)];
    const beganAtMs = performance.now();
    const { answered } = await here.ask();
    await answered;
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
    expect(positions(here)).toEqual({ a: '4' });
  });

  it('are asked for once a second at most, by any number of callers', async () => {
    let asks = 0;
    onNotify = (message) => (asks += message.includes('"ask"') ? 1 : 0);
    await Promise.all(Array.from({ length: 100 }, () => here.ask()));
    await here.ask();
    expect(asks).toBe(1);
  });
});
