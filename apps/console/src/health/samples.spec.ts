import { expect, it } from 'vitest';

import { reasonsOf, refused, seriesOf, type Sample } from './samples.js';

const sample = (logins: Record<string, number>, reachMs: number | null = null): Sample => ({
  at: '2026-01-01T00:00:00.000Z',
  logins,
  refreshes: {},
  verdicts: {},
  listEntries: 0,
  reachMs,
});

it('counts what was refused, and why, the most frequent first', () => {
  const samples = [
    sample({ succeeded: 5, invalid_credentials: 1, failed: 0 }),
    sample({ succeeded: 2, invalid_credentials: 1, too_many_attempts: 3 }),
  ];
  expect(samples.map(({ logins }) => refused(logins, 'succeeded'))).toEqual([1, 4]);
  expect(reasonsOf(samples, ({ logins }) => logins, 'succeeded')).toEqual([
    ['too_many_attempts', 3],
    ['invalid_credentials', 2],
  ]);
});

it('leaves minutes without a number empty', () => {
  const series = seriesOf([sample({}, null), sample({}, 7)], ({ reachMs }) => reachMs);
  expect(series).toMatchObject({ values: [null, 7], highest: 7 });
  expect(seriesOf([], () => 1).highest).toBe(0);
});
