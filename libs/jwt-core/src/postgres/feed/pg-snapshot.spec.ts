import { expect, it } from 'vitest';
import { parseSnapshot } from './pg-snapshot.js';

it.each([
  ['10:10:', { xmax: 10n, open: [] }],
  ['10:20:10,14,19', { xmax: 20n, open: [10n, 14n, 19n] }],
  [
    '18446744073709551613:18446744073709551615:18446744073709551613',
    { xmax: 2n ** 64n - 1n, open: [2n ** 64n - 3n] },
  ],
])('reads %s', (text, snapshot) => {
  expect(parseSnapshot(text)).toEqual(snapshot);
});

it.each([
  ['nothing', ''],
  ['a number', '10'],
  ['no third part', '10:20'],
  ['a list that does not begin', '10:20:,14'],
  ['a list that does not end', '10:20:14,'],
  ['a negative id', '-1:20:'],
  ['words', 'a:b:c'],
  ['more behind it', '10:20:14 '],
])('refuses %s', (_, text) => {
  expect(() => parseSnapshot(text)).toThrow(TypeError);
});
