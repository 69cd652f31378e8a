import { describe, expect, it } from 'vitest';
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
