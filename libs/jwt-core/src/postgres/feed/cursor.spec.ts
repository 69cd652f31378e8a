import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, type FeedCursor } from './cursor.js';
import { placeAt } from './place.js';

const identity = 'AbCdEf-_012';
const cursor = (xid: bigint, open: bigint[] = [], kind = '', id = ''): FeedCursor => ({
  identity,
  horizon: xid + 3n,
  place: placeAt({ xid, kind, id }, { xmax: xid, open }),
});

describe('a cursor', () => {
  it.each([
    ['the beginning', cursor(0n)],
    ['a transaction', cursor(1_000_000n)],
    ['open transactions', cursor(1_000_000n, [3n, 999_000n, 999_998n, 999_999n])],
    ['the middle of a transaction', cursor(900n, [7n], 'jti', '\'; \u00e9\u{1f511} %00 \\ "')],
    ['the longest id', cursor(900n, [], 'client', '\u{1f511}'.repeat(127))],
    ['64 bits', cursor(2n ** 64n - 4n, [2n ** 63n])],
    ['somewhere to come back to', { ...cursor(900n, [7n]), again: 800n }],
  ])('survives the way through text at %s', (_, original) => {
    const text = encodeCursor(original);
    expect(text).toMatch(/^[\w.-]+$/);
    expect(decodeCursor(text)).toEqual(original);
  });

  it('stays short with a thousand open transactions', () => {
    const open = Array.from({ length: 1_000 }, (_, index) => 5_000_000n + BigInt(index) * 7n);
    expect(encodeCursor(cursor(5_007_001n, open)).length).toBeLessThan(2_200);
  });
});

describe('text that is no cursor', () => {
  const withId = (id: string) => `1.${identity}.9.8...jti.${Buffer.from(id).toString('base64url')}`;

  it.each([
    ['nothing', ''],
    ['of another version', encodeCursor(cursor(8n)).replace('1.', '2.')],
    ['of a shorter identity', encodeCursor(cursor(8n)).replace('A', '')],
    ['without digits', `1.${identity}..8...`],
    ['with digits that are none', `1.${identity}.9.x...`],
    ['with more than 64 bits', `1.${identity}.${'f'.repeat(17)}.8...`],
    ['with a place beyond its own horizon', `1.${identity}.7.8...`],
    ['with open transactions before the first', `1.${identity}.9.8.7-1-..`],
    ['with an unknown kind', `1.${identity}.9.8...aud.YQ`],
    ['with a kind and no id', `1.${identity}.9.8...jti.`],
    ['with a NUL in its id, which Postgres refuses', withId('a\0b')],
    ['too long', `1.${identity}.9.8.${'0-'.repeat(20_000)}..`],
    ['with something behind it', `${encodeCursor(cursor(8n))} `],
  ])('is refused: %s', (_, text) => {
    expect(decodeCursor(text)).toBeUndefined();
  });

  it('is looked at in no time, however it is made', () => {
    const startedAt = performance.now();
    for (const part of ['1-', '1', '.', 'jti.', '-']) {
      expect(
        decodeCursor(`1.${identity}.9.8.${part.repeat(20_000 / part.length)}`),
      ).toBeUndefined();
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
