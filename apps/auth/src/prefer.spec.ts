import { expect, it } from 'vitest';

import { prefersRepresentation, preferredWaitSeconds } from './prefer.js';

it.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['wait=2', 2],
  ['Wait = 2', 2],
  ['wait="2"', 2],
  ['wait=0', 0],
  ['wait=99999', 99_999],
  ['respond-async, wait=2', 2],
  ['return=minimal; note="a, wait=9", wait=2', 2],
  [',, wait=2', 2],
  ['wait=2; strict', 2],
  ['wait=2, wait=3', 2],
  ['wait', undefined],
  ['wait=', undefined],
  ['wait=2s', undefined],
  ['wait=-1', undefined],
  ['wait=1.5', undefined],
  ['wait=NaN', undefined],
  ['wait=x, wait=3', undefined],
  ['awaiting=2', undefined],
  ['note="wait=2"', undefined],
  ['"wait=2"', undefined],
  ['wait=2\u0000', undefined],
  [`${'a=b,'.repeat(4_000)}wait=2`, undefined],
  ['wait=9'.repeat(2_000), undefined],
])('reads of Prefer: %j a wait of %j seconds', (header, seconds) => {
  const beganAtMs = performance.now();
  expect(preferredWaitSeconds(header)).toBe(seconds);
  expect(performance.now() - beganAtMs).toBeLessThan(2_000);
});

it('reads a wait of any length of digits as a number', () => {
  expect(preferredWaitSeconds(`wait=${'9'.repeat(1_000)}`)).toBe(Infinity);
});

it.each<[string | undefined, boolean]>([
  ['return=representation', true],
  ['wait=2, Return="representation"', true],
  ['return=minimal', false],
  ['return=minimal, return=representation', false],
  ['return', false],
  ['note="return=representation"', false],
  [undefined, false],
])('reads of Prefer: %j whether the representation is preferred: %j', (header, isWanted) => {
  expect(prefersRepresentation(header)).toBe(isWanted);
});
