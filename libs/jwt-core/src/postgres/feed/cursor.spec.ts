import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  compareKeys,
  CursorCodec,
  type FeedCursor,
  type FeedPlace,
  FeedPosition,
  hasSeen,
  isAtLeast,
  parseSnapshot,
  placeAt,
  THE_BEGINNING,
} from './cursor.js';

const secret = randomBytes(32);
const cursors = new CursorCodec(secret, 'AbCdEf-_012');
const cursor = (xid: bigint, open: bigint[] = [], kind = '', id = ''): FeedCursor => ({
  xmax: xid + 3n,
  place: placeAt({ xid, kind, id }, { xmax: xid, open }),
  jwks: undefined,
});

describe('a cursor', () => {
  it.each([
    ['the beginning', cursor(0n)],
    ['a transaction', cursor(1_000_000n)],
    ['open transactions', cursor(1_000_000n, [3n, 999_000n, 999_998n, 999_999n])],
    ['the middle of a transaction', cursor(900n, [7n], 'jti', '\'; \u00e9\u{1f511} %00 \\ "')],
    ['the longest id', cursor(900n, [], 'client', '\u{1f511}'.repeat(255))],
    ['64 bits', cursor(2n ** 64n - 4n, [2n ** 63n])],
    ['a known key set', { ...cursor(900n, [7n]), jwks: 'a.b-c_d \u{1f511}' }],
  ])('is the same after encoding and decoding, at %s', (_, original) => {
    const text = cursors.encode(original);
    expect(text).toMatch(/^[\w.-]+$/);
    expect(cursors.decode(text)).toEqual(original);
    expect(new CursorCodec(secret, cursors.identity).decode(text)).toEqual(original);
  });

  it('holds a thousand open transactions, and refuses several thousand', () => {
    const open = (count: number) =>
      Array.from({ length: count }, (_, index) => 5_000_000n + BigInt(index) * 7n);
    const crowded = cursor(5_007_001n, open(1_000));
    expect(cursors.decode(cursors.encode(crowded))).toEqual(crowded);
    expect(() => cursors.encode(cursor(5_070_001n, open(5_000)))).toThrow(/too many for a cursor/);
  });
});

describe('no cursor', () => {
  const text = cursors.encode(cursor(8n, [5n], 'jti', 'a'));
  const mac = text.slice(text.lastIndexOf('.') + 1);

  it.each([
    ['of another database', new CursorCodec(secret, 'AbCdEf-_013').encode(cursor(8n))],
    ['under another secret', new CursorCodec(randomBytes(32), cursors.identity).encode(cursor(8n))],
    ['of the release before', '1.AbCdEf-_012.9.8.1-..'],
    ['nothing', ''],
    ['a MAC alone', mac],
    ['a MAC of nothing', `.${mac}`],
    ['without its MAC', text.slice(0, -mac.length)],
    ['with a shorter MAC', text.slice(0, -1)],
    ['with a longer MAC', `${text}A`],
    ['with the MAC of another', `${cursors.encode(cursor(9n)).slice(0, -mac.length)}${mac}`],
    ['too long', `${'A'.repeat(20_000)}.${mac}`],
    ['with something behind it', `${text} `],
  ])('is text %s', (_, other) => {
    expect(cursors.decode(other)).toBeUndefined();
  });

  it('is a cursor with any of its characters changed', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'B' ? 'C' : 'B';
      expect(cursors.decode(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
    }
  });
});

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

describe('a position', () => {
  it('covers what smaller transactions have published, but for those that were open', () => {
    const place = placeAt({ xid: 10n, kind: '', id: '' }, { xmax: 12n, open: [4n, 11n] });
    const position = FeedPosition.of(place, 'this');
    expect([3n, 4n, 9n, 10n, 11n].map((id) => position.covers(id))).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it('is complete below the first transaction that was open', () => {
    expect(new FeedPosition(10n, new Set([7n, 4n, 9n])).completeBelow).toBe(4n);
    expect(new FeedPosition(10n).completeBelow).toBe(10n);
  });

  it('does not cover a transaction in the middle of which a page has ended', () => {
    const place = placeAt({ xid: 10n, kind: 'jti', id: 'x' }, { xmax: 12n, open: [] });
    expect(FeedPosition.of(place, 'this').covers(10n)).toBe(false);
  });
});
