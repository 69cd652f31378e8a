import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CursorCodec, type FeedCursor, placeAt } from './cursor.js';

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
