import { expect, it } from 'vitest';

import { beginOf, spansOf, type SigningKey } from './key-life.js';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const KEY: SigningKey = {
  kid: 'one',
  state: 'active',
  createdAt: at(0),
  activatedAt: null,
  retiredAt: null,
};

it.each<[string, Partial<SigningKey>, string]>([
  ['a next key is published', {}, 'published 0-1'],
  ['an active key signs until now', { activatedAt: at(25) }, 'published 0-0.25, signing 0.25-1'],
  [
    'a retired key has three parts',
    { activatedAt: at(25), retiredAt: at(50) },
    'published 0-0.25, signing 0.25-0.5, over 0.5-1',
  ],
  [
    'a key that was withdrawn before it signed has two',
    { retiredAt: at(50) },
    'published 0-0.5, over 0.5-1',
  ],
  ['the first key signs from its creation', { activatedAt: at(0) }, 'signing 0-1'],
  ['a clock that is behind makes nothing longer', { activatedAt: at(200) }, 'published 0-1'],
])('%s', (_, change, expected) => {
  const spans = spansOf({ ...KEY, ...change }, 0, 100_000);
  expect(spans.map(({ phase, from, to }) => `${phase} ${from}-${to}`).join(', ')).toBe(expected);
});

it('begins with the oldest key, and a minute ago at the latest', () => {
  expect(beginOf([{ ...KEY, createdAt: at(10) }, KEY], 100_000)).toBe(0);
  expect(beginOf([], 100_000)).toBe(40_000);
});
