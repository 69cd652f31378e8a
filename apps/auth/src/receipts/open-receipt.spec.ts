import { FeedPosition } from '@jwt-auth/jwt-core/postgres';
import { describe, expect, it } from 'vitest';

import { keyOf, type Follower } from './follower.js';
import { OpenReceipt } from './open-receipt.js';

const AFTER_COMMIT_MS = 1_000;

const before = new FeedPosition(7n);
const after = new FeedPosition(8n);

const follower = (instance: string, position?: FeedPosition, seenAtMs = 0): Follower => ({
  key: keyOf({ service: 'orders', instance }),
  service: 'orders',
  instance,
  position,
  seenAtMs,
});
const readOf = (databaseIdentity: string, ...followers: Follower[]) => ({
  followers,
  databaseIdentity,
  readAtMs: AFTER_COMMIT_MS,
});
const read = (...followers: Follower[]) => readOf('this', ...followers);

function openReceipt(...transactionIds: bigint[]): OpenReceipt {
  const ids = new Set([7n, ...transactionIds]);
  return new OpenReceipt({
    transactionIds: ids,
    committedAtMs: AFTER_COMMIT_MS,
    isLive: ({ seenAtMs }) => seenAtMs >= 0,
  });
}

const names = ({ receipt: { applied, pending } }: OpenReceipt) => [
  applied.map(({ instance }) => instance),
  pending.map(({ instance }) => instance),
];

describe('a receipt', () => {
  it('is complete once each live follower has applied the revocation', async () => {
    const open = openReceipt();
    open.note(read(follower('b', before), follower('a', before), follower('c')));
    expect(names(open)).toEqual([[], ['a', 'b', 'c']]);
    open.note(read(follower('b', after), follower('a', before), follower('c', after)));
    expect([names(open), open.isComplete]).toEqual([[['b', 'c'], ['a']], false]);
    open.note(read(follower('b', after), follower('a', after), follower('c', after)));
    await open.complete;
    expect(names(open)).toEqual([['a', 'b', 'c'], []]);
    expect(open.receipt.applied[0]?.afterMs).toBeGreaterThanOrEqual(-AFTER_COMMIT_MS);
  });

  it('does not count a position at which the transaction was open', () => {
    const open = openReceipt();
    open.note(read(follower('a', new FeedPosition(99n, new Set([7n])))));
    expect(names(open)).toEqual([[], ['a']]);
  });

  it('of several transactions counts a position that covers each, not the latest alone', () => {
    const open = openReceipt(5n);
    open.note(read(follower('a', new FeedPosition(8n, new Set([5n]))), follower('b', after)));
    expect(names(open)).toEqual([['b'], ['a']]);
  });

  it.each([
    ['this', ['a'], []],
    // That release saves none.
    [undefined, ['a'], []],
    ['another', [], ['a']],
  ])('of a position of the database %s', (identity, applied, pending) => {
    const open = openReceipt();
    open.note(read(follower('a', new FeedPosition(99n, new Set(), identity))));
    expect(names(open)).toEqual([applied, pending]);
  });

  it('counts no position after a fail-over', () => {
    const open = openReceipt();
    open.note(readOf('this', follower('a')));
    open.note(readOf('another', follower('a', new FeedPosition(99n, new Set(), 'another'))));
    expect(names(open)).toEqual([[], ['a']]);
  });

  it.each([
    ['applied it', [before, after], ['a'], []],
    ['applied it, as the first says', [after, before], ['a'], []],
    ['not', [before, before], [], ['a']],
  ])('names a follower once that is there twice and has %s', (_, positions, applied, pending) => {
    const open = openReceipt();
    open.note(read(...positions.map((position) => follower('a', position))));
    expect(names(open)).toEqual([applied, pending]);
  });

  it('waits for a follower that this process or another has seen lately', () => {
    const open = openReceipt();
    open.note(read(follower('a', before), follower('a', before, -1)));
    expect(names(open)).toEqual([[], ['a']]);
  });

  it('is not complete before a read that began after the commit', () => {
    const open = openReceipt();
    open.note({ ...read(), readAtMs: AFTER_COMMIT_MS - 1 });
    expect(open.isComplete).toBe(false);
    open.note(read());
    expect(open.isComplete).toBe(true);
  });

  it('does not wait for a silent follower, nor for one that leaves', () => {
    const open = openReceipt();
    open.note(read(follower('silent', before, -1), follower('leaving', before)));
    expect([names(open), open.isComplete]).toEqual([[[], ['leaving']], false]);
    open.note(read(follower('silent', before, -1)));
    expect([names(open), open.isComplete]).toEqual([[[], []], true]);
  });

  it('waits for a follower that comes meanwhile', () => {
    const open = openReceipt();
    open.note(read(follower('a', before)));
    open.note(read(follower('a', after), follower('new')));
    expect([names(open), open.isComplete]).toEqual([[['a'], ['new']], false]);
  });

  it('keeps what was applied, even if the follower reads its list anew', () => {
    const open = openReceipt();
    open.note(read(follower('a', after)));
    open.note(read(follower('a')));
    expect(names(open)).toEqual([['a'], []]);
  });
});
