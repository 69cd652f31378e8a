import { describe, expect, it } from 'vitest';
import { RevocationList } from './revocation-list.js';
import type { Revocation } from './revocation.js';

const entry: Revocation = { kind: 'jti', id: 'one', exp: 1_000 };
const newList = () => new RevocationList({ maxStalenessMs: 30_000, monotonicNow: () => 0 });
const batch = (expiredBefore: number | undefined, { reset = false, more = false } = {}) => ({
  cursor: 'c',
  reset,
  more,
  entries: [],
  ...(expiredBefore !== undefined && { expiredBefore }),
});
const snapshot = (expiredBefore?: number) => batch(expiredBefore, { reset: true });

describe('the second up to which a list may have forgotten entries', () => {
  it('is none at first', () => {
    const list = newList();
    list.apply(snapshot(), 0);
    expect(list.forgottenBefore).toBe(-Infinity);
  });

  it('is what it was pruned by', () => {
    const list = newList();
    list.apply(snapshot(), 0);
    list.prune(1_000);
    list.prune(900);
    expect(list.forgottenBefore).toBe(940);
  });

  it.each([
    ['a batch', (list: RevocationList) => list.apply(batch(500), 0)],
    ['a confirmation', (list: RevocationList) => list.confirm([], 0, 500)],
  ])('is what the source left out of %s', (_, take) => {
    const list = newList();
    list.apply(snapshot(400), 0);
    take(list);
    expect(list.forgottenBefore).toBe(500);
  });

  it('never goes back with a later batch, only with a new snapshot', () => {
    const list = newList();
    list.apply(snapshot(500), 0);
    list.apply(batch(100), 0);
    expect(list.forgottenBefore).toBe(500);
    list.apply(batch(100, { reset: true, more: true }), 0);
    expect(list.forgottenBefore).toBe(500);
    list.apply(batch(101), 0);
    expect(list.forgottenBefore).toBe(101);
  });

  it('counts what was left out of any page of that snapshot', () => {
    const list = newList();
    list.apply(batch(300, { reset: true, more: true }), 0);
    list.confirm([], 0, 200);
    list.apply(batch(100), 0);
    expect(list.forgottenBefore).toBe(300);
  });

  it('stays after a snapshot without `expiredBefore`', () => {
    const list = newList();
    list.apply(snapshot(500), 0);
    list.apply(snapshot(), 0);
    expect(list.forgottenBefore).toBe(500);
  });
});

it('a list forgets entries once a confirmation no longer has them', () => {
  const list = newList();
  list.apply({ ...snapshot(900), entries: [entry] }, 0);
  list.confirm([], 0, 1_001);
  list.prune(5_000);
  expect([list.size, list.forgottenBefore]).toEqual([0, 1_001]);
});

it('a list keeps entries that its source still sends', () => {
  const list = newList();
  list.apply({ ...snapshot(900), entries: [entry] }, 0);
  list.prune(5_000);
  expect([list.size, list.forgottenBefore]).toEqual([1, 900]);
  list.apply(batch(1_001), 0);
  list.prune(5_000);
  expect([list.size, list.forgottenBefore]).toEqual([0, 1_001]);
});

it('a list forgets by its own clock again when its source no longer reports what it leaves out', () => {
  const list = newList();
  list.apply({ ...snapshot(900), entries: [entry] }, 0);
  list.apply(batch(undefined), 0);
  list.prune(1_060);
  expect([list.size, list.forgottenBefore]).toEqual([1, 1_000]);
  list.prune(1_061);
  expect([list.size, list.forgottenBefore]).toEqual([0, 1_001]);
});
