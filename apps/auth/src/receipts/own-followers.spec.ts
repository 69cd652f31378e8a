import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { beforeEach, describe, expect, it } from 'vitest';

import { OwnFollowers, type FollowerChange } from './own-followers.js';

let nowMs: number;
let followers: OwnFollowers;
let changes: string[];
beforeEach(() => {
  nowMs = 1_000;
  changes = [];
  followers = make({ total: 4, perNetwork: 3 });
});

function make(limits: { total: number; perNetwork: number }): OwnFollowers {
  const made = new OwnFollowers({ monotonicNow: () => nowMs, limits });
  made.onChange((change) => changes.push(textOf(change)));
  return made;
}

const textOf = (change: FollowerChange): string =>
  change.kind === 'moved'
    ? `${change.follower.instance} ${change.isNew ? 'new' : 'moved'}`
    : `${change.identity.instance} ${change.kind}`;

const ask = (instance: string, position?: bigint, network = 'here'): (() => void) =>
  followers.noteQuestion(
    { service: 'orders', instance },
    position === undefined ? undefined : new FeedPosition(position),
    network,
  );
const known = (): string[] => followers.list().map(({ instance }) => instance);

describe('a follower', () => {
  it('has applied what its last question shows', () => {
    ask('a', 7n);
    expect(followers.list()[0]?.position?.covers(6n)).toBe(true);
    expect(followers.list()[0]?.position?.covers(7n)).toBe(false);
    ask('a', 8n);
    expect(followers.list()[0]?.position?.covers(7n)).toBe(true);
    expect(changes).toEqual(['a new', 'a moved']);
  });

  it('is announced once for a position, and again when a transaction that was open ends', () => {
    const at = (open: bigint[]) =>
      followers.noteQuestion(
        { service: 'orders', instance: 'a' },
        new FeedPosition(7n, new Set(open)),
        'here',
      );
    for (const open of [[5n], [5n], []]) at(open);
    expect(changes).toEqual(['a new', 'a moved']);
  });

  it('has no list while it asks without a cursor', () => {
    ask('a', 7n);
    ask('a');
    expect(followers.list()[0]?.position).toBeUndefined();
  });

  it('is seen while one of its questions is open, and silent from the last end on', () => {
    const [endFirst, endSecond] = [ask('a'), ask('a')];
    nowMs += 20_000;
    expect(followers.list()[0]?.seenAtMs).toBe(nowMs);
    endFirst();
    endFirst();
    nowMs += 5_000;
    expect(followers.list()[0]?.seenAtMs).toBe(nowMs);
    endSecond();
    const endedAtMs = nowMs;
    nowMs += 60_000;
    expect(followers.list()[0]?.seenAtMs).toBe(endedAtMs);
  });

  it('is forgotten ten minutes after it was last seen', () => {
    ask('a')();
    nowMs += 600_000;
    expect(known()).toEqual(['a']);
    nowMs += 1;
    expect(known()).toEqual([]);
    // It may ask another process.
    expect(changes).toEqual(['a new']);
  });

  it('is announced again when its position is one of another database', () => {
    for (const database of ['one', 'one', 'other']) {
      const position = new FeedPosition(7n, new Set(), database);
      followers.noteQuestion({ service: 'orders', instance: 'a' }, position, 'here');
    }
    expect(changes).toEqual(['a new', 'a moved']);
  });

  it('leaves when it says so, and is announced even if it asked another process', () => {
    ask('a');
    followers.noteLeave({ service: 'orders', instance: 'a' });
    followers.noteLeave({ service: 'orders', instance: 'b' });
    expect(known()).toEqual([]);
    expect(changes).toEqual(['a new', 'a left', 'b left']);
  });

  it('is another one under the same instance of another service', () => {
    ask('a');
    followers.noteQuestion({ service: 'billing', instance: 'a' }, undefined, 'here');
    expect(followers.list()).toHaveLength(2);
  });
});

describe('the number of followers', () => {
  it('is bounded for a network: its most silent one goes', () => {
    for (const instance of ['a', 'b', 'c']) {
      ask(instance)();
      nowMs += 1;
    }
    ask('a')();
    ask('d');
    expect(known().sort()).toEqual(['a', 'c', 'd']);
    expect(changes.at(-2)).toBe('b dropped');
  });

  it('is bounded in total: the network with the most of them loses one', () => {
    ask('real', 1n, 'there')();
    for (const instance of ['a', 'b', 'c']) {
      nowMs += 1;
      ask(instance, 1n, 'here')();
    }
    ask('e', 1n, 'elsewhere');
    expect(known().sort()).toEqual(['b', 'c', 'e', 'real']);
  });

  it('counts the places of those that left', () => {
    followers = make({ total: 10, perNetwork: 1 });
    ask('a');
    followers.noteLeave({ service: 'orders', instance: 'a' });
    ask('b');
    ask('c');
    expect(known()).toEqual(['c']);
  });

  it('never exceeds the bounds, however many are made up', () => {
    for (let n = 0; n < 1_000; n++) ask(`made-up-${n}`, BigInt(n), `network-${n % 7}`)();
    expect(followers.list()).toHaveLength(4);
  });
});
