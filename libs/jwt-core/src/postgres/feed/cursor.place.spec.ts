import { describe, expect, it } from 'vitest';
import {
  compareKeys,
  hasSeen,
  isAtLeast,
  parseSnapshot,
  placeAt,
  THE_BEGINNING,
  type FeedPlace,
} from './cursor.js';

const key = (xid: bigint, kind = '', id = '') => ({ xid, kind, id });
const place = (xid: bigint, open: bigint[] = [], kind = '', id = ''): FeedPlace =>
  placeAt({ xid, kind, id }, { xmax: xid, open });

describe('a place', () => {
  const reader = place(20n, [5n, 12n], 'jti', 'm');

  it.each([
    ['an earlier transaction', key(19n, 'sid', 'z'), true],
    ['the place itself', key(20n, 'jti', 'm'), true],
    ['an earlier entry of its transaction', key(20n, 'jti', 'a'), true],
    ['a later entry of its transaction', key(20n, 'jti', 'n'), false],
    ['a later kind of its transaction', key(20n, 'sid', 'a'), false],
    ['a later transaction', key(21n, 'client', 'a'), false],
    ['an earlier transaction that was open', key(12n, 'jti', 'a'), false],
  ])('decides whether a reader has seen %s', (_, entry, expected) => {
    expect(hasSeen(reader, entry)).toBe(expected);
  });

  it('names only those open transactions that come before it', () => {
    expect([...placeAt(key(10n), { xmax: 30n, open: [4n, 9n, 10n, 11n] }).open]).toEqual([4n, 9n]);
  });

  it('has seen nothing at the beginning', () => {
    expect(hasSeen(THE_BEGINNING, key(0n, 'client', 'a'))).toBe(false);
  });
});

describe('a reader has seen at least what another has', () => {
  it.each([
    ['at the same place', place(20n, [5n]), place(20n, [5n]), true],
    ['further on', place(30n, [5n]), place(20n, [5n]), true],
    ['when fewer transactions were open', place(20n), place(20n, [5n]), true],
    ['when what is open begins behind the other', place(30n, [25n]), place(20n), true],
    ['never at an earlier place', place(19n), place(20n), false],
    ['never at an earlier entry', place(20n, [], 'jti', 'a'), place(20n, [], 'jti', 'b'), false],
    ['never with a gap that the other has not', place(30n, [5n]), place(20n), false],
    ['never with another gap', place(20n, [5n]), place(20n, [6n]), false],
  ])('%s', (_, one, other, expected) => {
    expect(isAtLeast(one, other)).toBe(expected);
  });
});

it('orders ids as Postgres does, not as JavaScript does', () => {
  const [last, beyond] = ['\uffee', '\u{1f511}'];
  expect(last < beyond).toBe(false);
  expect(compareKeys(key(1n, 'jti', last), key(1n, 'jti', beyond))).toBeLessThan(0);
});

describe('a snapshot', () => {
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
});
