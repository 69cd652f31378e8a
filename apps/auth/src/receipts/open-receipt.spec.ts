import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it } from 'vitest';

import type { Follower } from './follower.js';
import { OpenReceipt } from './open-receipt.js';

const before = new FeedPosition(7n);
const after = new FeedPosition(8n);

const follower = (instance: string, position?: FeedPosition, seenAtMs = 0): Follower => ({
  service: 'orders',
  instance,
  position,
  seenAtMs,
});
const moved = (each: Follower) => ({ kind: 'moved', follower: each, isNew: false }) as const;

function openReceipt(...transactionIds: bigint[]): OpenReceipt {
  const ids = new Set([7n, ...transactionIds]);
  return new OpenReceipt({ transactionIds: ids, isLive: ({ seenAtMs }) => seenAtMs >= 0 });
}

const names = ({ receipt: { applied, pending } }: OpenReceipt) => [
  applied.map(({ instance }) => instance),
  pending.map(({ instance }) => instance),
];

describe('a receipt', () => {
  it('is complete once each live follower has applied the revocation', async () => {
    const open = openReceipt();
    open.noteAll([follower('b', before), follower('a', before), follower('c')]);
    expect(names(open)).toEqual([[], ['a', 'b', 'c']]);
    open.note(moved(follower('b', after)));
    open.note(moved(follower('c', after)));
    expect([names(open), open.isComplete]).toEqual([[['b', 'c'], ['a']], false]);
    open.note(moved(follower('a', after)));
    await open.complete;
    expect(names(open)).toEqual([['a', 'b', 'c'], []]);
    expect(open.receipt.applied[0]?.afterMs).toBeGreaterThanOrEqual(0);
  });

  it('does not count a position at which the transaction was open', () => {
    const open = openReceipt();
    open.noteAll([follower('a', new FeedPosition(99n, new Set([7n])))]);
    expect(names(open)).toEqual([[], ['a']]);
  });

  it('of several transactions counts a position that covers each, not the latest alone', () => {
    const open = openReceipt(5n);
    open.noteAll([follower('a', new FeedPosition(8n, new Set([5n]))), follower('b', after)]);
    expect(names(open)).toEqual([['b'], ['a']]);
  });

  it('is not complete before all followers are known', () => {
    const open = openReceipt();
    open.note(moved(follower('a', after)));
    expect(open.isComplete).toBe(false);
    open.noteAll([]);
    expect(open.isComplete).toBe(true);
  });

  it('does not wait for a silent follower, nor for one that leaves', () => {
    const open = openReceipt();
    open.noteAll([follower('silent', before, -1), follower('leaving', before)]);
    open.note({
      kind: 'left',
      identity: { service: 'orders', instance: 'leaving' },
      wasKnown: true,
    });
    expect([names(open), open.isComplete]).toEqual([[[], []], true]);
  });

  it('waits for a follower that comes meanwhile', () => {
    const open = openReceipt();
    open.noteAll([follower('a', before)]);
    open.note(moved(follower('new')));
    open.note(moved(follower('a', after)));
    expect([names(open), open.isComplete]).toEqual([[['a'], ['new']], false]);
  });

  it('keeps what was applied, even if the follower reads its list anew', () => {
    const open = openReceipt();
    open.noteAll([follower('a', after)]);
    open.note(moved(follower('a')));
    expect(names(open)).toEqual([['a'], []]);
  });
});
