import { describe, expect, it } from 'vitest';
import { barChart } from './bar-chart.js';
import { roundStep, scaleOf } from './scale.js';

const widths = (drawing: string) =>
  [...drawing.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));

describe('scaleOf', () => {
  it('is linear from zero as long as the shortest bar can be seen', () => {
    const scale = scaleOf([10, 40]);
    expect([scale.kind, scale.at(0), scale.at(10), scale.at(40)]).toEqual(['linear', 0, 0.25, 1]);
    expect(scale.ticks).toEqual([0, 10, 20, 30, 40]);
  });

  it('goes by powers of ten where values differ by orders of magnitude', () => {
    const scale = scaleOf([0.5, 900]);
    expect(scale.kind).toBe('logarithmic');
    expect(scale.ticks).toEqual([0.1, 1, 10, 100]);
    expect(scale.at(0.1)).toBe(0);
    expect(scale.at(900)).toBe(1);
    expect(scale.at(100) - scale.at(10)).toBeCloseTo(scale.at(10) - scale.at(1));
  });

  it('gives the least value a length of its own, also when it is a power of ten', () => {
    expect(scaleOf([1, 1000]).at(1)).toBeGreaterThan(0);
  });

  it.each([[[]], [[0, 0]]])('stands %j', (values) => {
    const scale = scaleOf(values);
    expect([scale.at(0), scale.ticks]).toEqual([0, [0]]);
  });
});

it.each([
  [0.3, 0.5],
  [1, 1],
  [1.1, 2],
  [6, 10],
  [200, 200],
  [0, 1],
])('rounds a step of %d up to %d', (value, step) => {
  expect(roundStep(value)).toBeCloseTo(step);
});

describe('barChart', () => {
  it('draws lengths in proportion, and says their values', () => {
    const drawing = barChart('q', 'µs', 1, [
      { name: 'a < b', value: 10 },
      { name: 'c', value: 20 },
    ]);
    const [first, second] = widths(drawing);
    expect(second! / first!).toBeCloseTo(2);
    expect(drawing).toContain('>10.0<');
    expect(drawing).toContain('a &#60; b');
  });

  it('says when its scale is logarithmic', () => {
    const bars = [1, 1000].map((value) => ({ name: `${value}`, value }));
    expect(barChart('q', 'µs', 0, bars)).toContain('µs, logarithmic scale');
  });

  it('groups the digits of large values, as its axis does', () => {
    expect(barChart('q', 'requests/s', 0, [{ name: 'a', value: 11026 }])).toContain('>11,026<');
  });
});
