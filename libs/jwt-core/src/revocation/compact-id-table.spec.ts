import { describe, expect, it, vi } from 'vitest';
import { CompactIdSegment } from './compact-id-segment.js';
import { CompactIdTable } from './compact-id-table.js';
import { compactId, type CompactId } from './compact-id.js';

const counted = (index: number): CompactId => ({ a: 0, b: 0x4000, c: 0x80000000 | 0, d: index });
/** Ids that lie anywhere: digests. */
const spread = (index: number) => compactId(String(index));

function prune(table: CompactIdTable, beforeSeconds: number): number {
  return [...table.prune(beforeSeconds)].length;
}

describe('CompactIdTable', () => {
  it('holds nothing at first', () => {
    const table = new CompactIdTable();
    expect(table.size).toBe(0);
    expect(table.has(counted(0))).toBe(false);
    expect(table.has({ a: 0, b: 0, c: 0, d: 0 })).toBe(false);
  });

  it('holds the id of zeros only once it was added', () => {
    const table = new CompactIdTable();
    table.add({ a: 0, b: 0, c: 0, d: 0 }, 1000);
    expect(table.has({ a: 0, b: 0, c: 0, d: 0 })).toBe(true);
    expect(table.size).toBe(1);
  });

  // threat:hash-collisions
  it.each(['a', 'b', 'c', 'd'] as const)(
    'distinguishes ids that differ only in word %s',
    (word) => {
      // Among ids that differ in one word some share a slot, so the comparison itself decides.
      const table = new CompactIdTable();
      const id = (value: number) => ({ a: 1, b: 2, c: 3, d: 4, [word]: value });
      for (let value = 0; value < 10_000; value++) table.add(id(value), 1000);
      expect(table.size).toBe(10_000);
      for (let value = 10_000; value < 20_000; value++) expect(table.has(id(value))).toBe(false);
    },
  );

  it('hardly ever searches for an id that it does not hold, also after most were pruned', () => {
    const table = new CompactIdTable();
    for (let n = 0; n < 100_000; n++) table.add(spread(n), n < 1_000 ? 2_000 : 1_000);
    const search = vi.spyOn(CompactIdSegment.prototype, 'has');
    const searchesFor = (ids: number) => {
      search.mockClear();
      for (let n = 0; n < ids; n++) table.has(spread(100_000 + n));
      return search.mock.calls.length;
    };
    expect(searchesFor(10_000)).toBeLessThan(2_000);
    prune(table, 1_001);
    expect(searchesFor(10_000)).toBeLessThan(100);
    search.mockRestore();
  });

  it('spreads ids that count upwards, as a bad mix would search for minutes', () => {
    const table = new CompactIdTable();
    for (let index = 0; index < 200_000; index++) table.add(counted(index), 1000);
    expect(table.size).toBe(200_000);
    for (let index = 0; index < 200_000; index++) {
      if (!table.has(counted(index))) expect.fail(`${index} is gone`);
    }
    expect(table.has(counted(200_000))).toBe(false);
  });

  it.each([
    ['later', 1000, 2000],
    ['earlier', 2000, 1000],
    ['later, beyond what a signed word holds', 1000, 3_000_000_000],
    ['earlier, after one beyond what a signed word holds', 3_000_000_000, 1000],
  ])('keeps the later expiry when the same id comes again with a %s one', (_, first, second) => {
    const table = new CompactIdTable();
    table.add(counted(1), first);
    table.add(counted(1), second);
    expect(table.size).toBe(1);
    prune(table, Math.max(first, second));
    expect(table.has(counted(1))).toBe(true);
    prune(table, Math.max(first, second) + 1);
    expect(table.has(counted(1))).toBe(false);
    expect(table.size).toBe(0);
  });

  it.each([NaN, Infinity, 2 ** 32, 1.7e12, 1e308])('never forgets an expiry of %d', (exp) => {
    const table = new CompactIdTable();
    table.add(counted(1), exp);
    prune(table, 2 ** 32 - 1);
    expect(table.has(counted(1))).toBe(true);
  });

  it.each([0, -1, -0, -1e308, -Infinity])('holds an expiry of %d until it is pruned', (exp) => {
    const table = new CompactIdTable();
    table.add(counted(1), exp);
    expect(table.has(counted(1))).toBe(true);
    prune(table, 2);
    expect(table.has(counted(1))).toBe(false);
  });

  it('rounds a fraction of a second up', () => {
    const table = new CompactIdTable();
    table.add(counted(1), 1000.2);
    prune(table, 1001);
    expect(table.has(counted(1))).toBe(true);
  });

  it.each([NaN, -Infinity, -1, 0])('prunes nothing before second %d', (beforeSeconds) => {
    const table = new CompactIdTable();
    table.add(counted(1), 1);
    prune(table, beforeSeconds);
    expect(table.size).toBe(1);
  });

  it('prunes in many small steps, and takes additions between them', () => {
    const table = new CompactIdTable();
    for (let index = 0; index < 10_000; index++) table.add(counted(index), 1000);
    let steps = 0;
    let largest = 0;
    let before = table.size;
    const pruning = table.prune(1001);
    while (!pruning.next().done) {
      largest = Math.max(largest, before - table.size);
      table.add(counted(10_000 + steps++), 2000);
      before = table.size;
    }
    expect(steps).toBeGreaterThanOrEqual(256);
    expect(largest).toBeLessThan(100);
    expect(table.size).toBe(steps);
  });

  it('fills again after everything expired', () => {
    const table = new CompactIdTable();
    for (let round = 1; round <= 3; round++) {
      for (let index = 0; index < 1_000; index++) table.add(counted(index), round);
      expect(table.size).toBe(1_000);
      prune(table, round + 1);
      expect(table.size).toBe(0);
    }
  });

  it('keeps what expires in the very second before which it prunes', () => {
    const table = new CompactIdTable();
    for (let index = 0; index < 2_000; index++) table.add(counted(index), 1_000 + (index % 2));
    prune(table, 1_001);
    expect(table.size).toBe(1_000);
    for (let index = 0; index < 2_000; index++) {
      expect(table.has(counted(index))).toBe(index % 2 === 1);
    }
  });

  it('gives memory back when most of its entries have expired', () => {
    const table = new CompactIdTable();
    for (let index = 0; index < 100_000; index++) {
      table.add(counted(index), index < 10_000 ? 2_000 : 1_000);
    }
    prune(table, 1_001);
    expect(table.size).toBe(10_000);
    expect(table.bytes / table.size).toBeLessThan(48);
  });

  it('takes at most 48 bytes an entry at every size beyond a few thousand', () => {
    const table = new CompactIdTable();
    let worst = 0;
    for (let index = 0; index < 300_000; index++) {
      table.add(counted(index), 1000);
      if (index > 10_000 && index % 10_000 === 0) worst = Math.max(worst, table.bytes / table.size);
    }
    expect(worst).toBeLessThan(48);
    // An entry has five words.
    expect(worst).toBeGreaterThan(20);
  });

  it('makes room for what it moves, as the first table of a process, too', async () => {
    vi.resetModules();
    const { CompactIdTable: Fresh } = await import('./compact-id-table.js');
    const table = new Fresh();
    for (let index = 0; index < 10_000; index++) table.add(counted(index), 1000);
    for (let index = 0; index < 10_000; index++) expect(table.has(counted(index))).toBe(true);
  });

  it('keeps what it has when it grows, as the collector would hold the process up', () => {
    let allocated = 0;
    class Counted extends Int32Array {
      constructor(length: number) {
        super(length);
        allocated += this.byteLength;
      }
    }
    vi.stubGlobal('Int32Array', Counted);
    const table = new CompactIdTable();
    for (let index = 0; index < 300_000; index++) table.add(counted(index), 1000);
    vi.unstubAllGlobals();
    expect(allocated / table.bytes).toBeLessThan(2.2);
  });
});
