import { describe, expect, it, vi } from 'vitest';
import { RevocationList } from './revocation-list.js';
import type { Revocation } from './revocation.js';

const exp = 2_000_000_000;
const kid = (id: string): Revocation => ({ kind: 'kid', id, exp });
const page = (entries: Revocation[], { reset = false, more = false } = {}) => ({
  cursor: 'c',
  reset,
  more,
  entries,
});
const snapshot = (...entries: Revocation[]) => page(entries, { reset: true });

/** A list whose first snapshot named `old`. */
function newList() {
  const clock = { nowMs: 0 };
  const list = new RevocationList({ maxStalenessMs: 30_000, monotonicNow: () => clock.nowMs });
  list.apply(snapshot(kid('old')), 0);
  const held = () => ['old', 'own', 'new'].filter((id) => list.isKeyRevoked(id));
  return { list, clock, held };
}

describe('an entry that was added while a snapshot was on its way', () => {
  it.each<[string, (list: RevocationList) => void]>([
    ['by its own process', (list) => list.add([kid('own')])],
    ['by a confirmation', (list) => list.confirm([kid('own')], 150)],
  ])('%s stays, though the snapshot lacks it', (_, add) => {
    const { list, clock, held } = newList();
    clock.nowMs = 200;
    add(list);
    clock.nowMs = 300;
    list.apply(snapshot(kid('new')), 100);
    expect(held()).toEqual(['old', 'own', 'new']);
    expect([list.state, list.size]).toEqual(['fresh', 3]);
  });

  it('stays in each page of that snapshot', () => {
    const { list, clock, held } = newList();
    clock.nowMs = 200;
    list.add([kid('own')]);
    list.apply(page([], { reset: true, more: true }), 100);
    expect(held()).toEqual(['old', 'own']);
    list.apply(page([kid('new')]), 300);
    expect(held()).toEqual(['old', 'own', 'new']);
  });

  it('goes with a later snapshot, which was requested after it', () => {
    const { list, clock, held } = newList();
    clock.nowMs = 200;
    list.add([kid('own')]);
    list.apply(snapshot(), 100);
    list.apply(snapshot(kid('new')), 201);
    expect(held()).toEqual(['new']);
  });

  it('stays in a list that was blind', () => {
    const list = new RevocationList({ maxStalenessMs: 30_000, monotonicNow: () => 200 });
    list.add([kid('own')]);
    list.apply(snapshot(kid('new')), 100);
    expect([list.isKeyRevoked('own'), list.isKeyRevoked('new')]).toEqual([true, true]);
    expect(list.state).toBe('fresh');
  });
});

it('a list that gets no entries meanwhile is replaced by a snapshot', () => {
  const { list, clock, held } = newList();
  clock.nowMs = 200;
  list.add([]);
  list.confirm([], 150);
  list.apply(snapshot(kid('new')), 100);
  expect(held()).toEqual(['new']);
});

function listAt() {
  const clock = { nowMs: 0 };
  const list = new RevocationList({ maxStalenessMs: 30_000, monotonicNow: () => clock.nowMs });
  return { list, clock };
}

describe('the listeners of a list', () => {
  it('are called once for each addition, after it, and not for an empty one', () => {
    const { list } = listAt();
    const versions: number[] = [];
    const listener = () => void versions.push(list.version);
    list.onAddition(listener);
    list.apply(snapshot(), 0);
    list.confirm([], 0);
    list.confirm([kid('a'), kid('b')], 0);
    list.apply(snapshot(kid('c')), 0);
    expect(versions).toEqual([2, 3]);
    list.offAddition(listener);
    list.add([kid('d')]);
    expect(versions).toEqual([2, 3]);
  });
});

describe('a key', () => {
  it('is revoked by an entry of its kid, and by no other', () => {
    const { list } = listAt();
    list.apply(snapshot(kid('a'), { kind: 'jti', id: 'b', exp }), 0);
    expect([list.isKeyRevoked('a'), list.isKeyRevoked('b')]).toEqual([true, false]);
  });
});

describe('a list that is distrusted', () => {
  it('is as stale as it can be, until it is proven again', () => {
    const { list, clock } = listAt();
    list.apply(snapshot(), 0);
    clock.nowMs = 1_000;
    list.distrust();
    expect([list.state, list.proofAgeMs()]).toEqual(['stale', 30_001]);
    list.confirm([], 1_000);
    expect([list.state, list.proofAgeMs()]).toEqual(['fresh', 0]);
  });

  it('stays blind or without revocations, if it is that', () => {
    const { list } = listAt();
    list.distrust();
    const none = RevocationList.none(30_000);
    none.distrust();
    expect([list.state, none.state]).toEqual(['blind', 'none']);
  });
});

it('a list has a clock of its own, if it is given none', () => {
  vi.spyOn(performance, 'now').mockReturnValue(40_000);
  const list = new RevocationList({ maxStalenessMs: 30_000 });
  list.apply(snapshot(), 5_000);
  expect(list.proofAgeMs()).toBe(35_000);
  vi.restoreAllMocks();
});

it('a list can be pruned in steps', () => {
  const { list } = listAt();
  list.apply(snapshot(kid('a')), 0);
  const steps = list.pruneInSteps(exp + 61);
  expect([list.forgottenBefore, list.size]).toEqual([exp + 1, 1]);
  expect([...steps].length).toBeGreaterThan(100);
  expect(list.size).toBe(0);
});
