import { describe, expect, it } from 'vitest';
import { histogram, histogramChart } from './histogram.js';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe('histogram', () => {
  it('counts each sample once, in bins of a round width', () => {
    const { start, width, counts, hasMoreBeyond } = histogram('t', 'ms', upTo(80));
    expect({ start, width, hasMoreBeyond }).toEqual({ start: 0, width: 2, hasMoreBeyond: false });
    expect(counts).toEqual(new Array(40).fill(2));
  });

  it.each([
    ['one value', [7, 7, 7]],
    ['zeros', [0, 0]],
    ['values far from zero', [1000, 1001, 1002]],
    ['fractions', upTo(1000).map((each) => each / 333)],
    ['a straggler', [...upTo(1000), 1_000_000]],
  ])('loses none of %s', (_, samples) => {
    const { counts } = histogram('t', 'ms', samples);
    expect(sum(counts)).toBe(samples.length);
    expect(counts.length).toBeLessThanOrEqual(45);
  });

  it('puts a straggler into the last bin instead of widening all', () => {
    const { width, counts, hasMoreBeyond } = histogram('t', 'ms', [...upTo(1000), 1_000_000]);
    expect(width).toBeLessThan(100);
    expect(counts.at(-1)).toBe(1);
    expect(hasMoreBeyond).toBe(true);
  });

  it('reaches as far as the last mark', () => {
    const marks = [{ name: 'aim', value: 50 }];
    const { start, width, counts } = histogram('t', 'ms', [1, 2, 3], marks);
    expect(start + width * counts.length).toBeGreaterThan(50);
  });

  it('is drawn with a bar for each bin that is not empty, and a line for each mark', () => {
    const marks = [{ name: 'p50', value: 5 }];
    const drawing = histogramChart(histogram('a & b', 'ms', [0, 5, 5, 9], marks));
    expect(drawing.match(/<rect/g)).toHaveLength(3);
    expect(drawing.match(/<line class="mark"/g)).toHaveLength(1);
    expect(drawing).toContain('p50 5 ms');
    expect(drawing).toContain('a &#38; b');
    expect(drawing).not.toMatch(/NaN|Infinity/);
  });

  it('has nothing to show without samples', () => {
    expect(() => histogram('t', 'ms', [])).toThrow(RangeError);
  });
});
