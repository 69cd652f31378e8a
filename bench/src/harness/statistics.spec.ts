import { expect, it } from 'vitest';
import { median, quantile } from './statistics.js';

it.each([
  [[3, 1, 2], 0.5, 2],
  [[10, 9], 0.5, 9],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
  [[7], 0.99, 7],
  [[1, 2], 0, 1],
])('of %j the quantile %d is %d', (samples, share, value) => {
  expect(quantile(samples, share)).toBe(value);
});

it('has no median of nothing', () => {
  expect(() => median([])).toThrow(RangeError);
});
