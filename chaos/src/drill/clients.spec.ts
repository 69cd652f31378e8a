import { expect, it } from 'vitest';
import { Seen } from './clients.js';

it('counts outcomes, and says from when to when each was seen', () => {
  const seen = new Seen();
  expect([seen.last, String(seen)]).toEqual(['nothing', '0 ok']);
  for (const [outcome, atMs] of [
    ['ok', 0],
    ['503 database_unavailable', 1_040],
    ['no answer', 1_500],
    ['503 database_unavailable', 2_260],
    ['ok', 3_000],
  ] as const) {
    seen.add(outcome, atMs);
  }
  expect(String(seen)).toBe(
    '2 ok, 2 × 503 database_unavailable from 1.0 s to 2.3 s, 1 × no answer from 1.5 s to 1.5 s',
  );
  expect(seen.troubles).toEqual(['503 database_unavailable', 'no answer']);
  expect(seen.last).toBe('ok');
});
