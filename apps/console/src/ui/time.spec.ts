import { expect, it } from 'vitest';

import { durationInWords, inMilliseconds, inWords } from './time.js';

const MINUTE = 60_000;

it.each([
  [0, 'now'],
  [-90_000, '1 minute ago'],
  [-3 * 3_600_000, '3 hours ago'],
  [40 * 86_400_000, 'in 40 days'],
])('says an instant %i ms from now as %s', (ms, words) => {
  expect(inWords(1_000_000 + ms, 1_000_000)).toBe(words);
});

it.each([
  [0, '0 seconds'],
  [1_999, '1 second'],
  [14 * MINUTE + 5_000, '14 minutes 5 seconds'],
  [60 * MINUTE, '1 hour'],
  [25 * 60 * MINUTE, '1 day 1 hour'],
])('says %i ms as %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});

it.each([
  [0, '0.0 ms'],
  [4.24, '4.2 ms'],
  [10, '10 ms'],
  [999.4, '999 ms'],
  [1_250, '1.3 s'],
])('says %f ms as %s', (ms, text) => {
  expect(inMilliseconds(ms)).toBe(text);
});
