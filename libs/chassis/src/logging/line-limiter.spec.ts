import { expect, it } from 'vitest';

import { LineLimiter } from './line-limiter.js';

it('admits one line of each kind per interval, and counts the others', () => {
  let now = 0;
  const limiter = new LineLimiter(1_000, () => now);
  expect(limiter.admit('a')).toBe(0);
  expect(limiter.admit('b')).toBe(0);
  for (now = 1; now < 1_000; now += 111) expect(limiter.admit('a')).toBeUndefined();
  now = 1_000;
  expect(limiter.admit('a')).toBe(9);
  expect(limiter.admit('a')).toBeUndefined();
  now = 5_000;
  expect(limiter.admit('a')).toBe(1);
  expect(limiter.admit('b')).toBe(0);
});

it('remembers a bounded number of kinds', () => {
  const limiter = new LineLimiter(1_000, () => 0);
  for (let kind = 0; kind < 10_000; kind += 1) expect(limiter.admit(String(kind))).toBe(0);
});
