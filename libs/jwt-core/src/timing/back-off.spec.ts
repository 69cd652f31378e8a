import { afterEach, describe, expect, it, vi } from 'vitest';
import { backOffMs, spreadMs } from './back-off.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('backOffMs', () => {
  const limits = { firstMs: 100, longestMs: 1_000 };

  it('doubles after each failure, up to the longest', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((failures) => backOffMs(failures, limits));
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('is nothing without a failure', () => {
    expect(backOffMs(0, limits)).toBe(0);
  });

  it('stays the longest, however many failures there were', () => {
    expect(backOffMs(5_000, limits)).toBe(1_000);
  });
});

describe('spreadMs', () => {
  it.each([
    [0, 500],
    [0.5, 750],
    [0.999, 999.5],
  ])('gives, for the random number %d, %d of 1000', (random, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    expect(spreadMs(1_000)).toBe(expected);
  });

  it('gives at least another share', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    expect(spreadMs(1_000, 0.9)).toBe(900);
    vi.spyOn(Math, 'random').mockReturnValue(1);
    expect(spreadMs(1_000, 0.9)).toBe(1_000);
  });
});
