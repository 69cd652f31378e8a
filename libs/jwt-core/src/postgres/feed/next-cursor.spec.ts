import { describe, expect, it } from 'vitest';
import { encodeCursor, type FeedCursor } from './cursor.js';
import { isRepeating, maxOpenNamed, nextCursor } from './next-cursor.js';
import { placeAt } from './place.js';

const ids = (count: number, step = 10n) =>
  Array.from({ length: count }, (_, index) => 1_000n + BigInt(index) * step);
const at = (xid: bigint, open: readonly bigint[] = []): FeedCursor => ({
  identity: 'AbCdEf-_012',
  horizon: 2n ** 40n,
  place: placeAt({ xid, kind: '', id: '' }, { xmax: xid, open }),
});
const beyond = 1_000n + BigInt(maxOpenNamed) * 10n;

describe('while few transactions are open', () => {
  it('a reader goes on where it has come to', () => {
    const read = at(2n ** 30n, ids(maxOpenNamed));
    expect(nextCursor(at(5n), read, { more: false })).toBe(read);
    expect(nextCursor(undefined, read, { more: true })).toBe(read);
    expect(isRepeating(read)).toBe(false);
  });
});

describe('while more transactions are open than a cursor names', () => {
  const crowd = ids(maxOpenNamed * 5);
  const page = nextCursor(at(5n), at(2n ** 30n, crowd), { more: true });
  const end = nextCursor(page, at(2n ** 30n, crowd), { more: false });

  it('a reader goes on through the pages, and knows where to come back to', () => {
    expect(page.place.xid).toBe(2n ** 30n);
    expect(page.again).toBe(beyond);
    expect([...page.place.open]).toEqual(crowd.slice(0, maxOpenNamed));
    expect(isRepeating(page)).toBe(false);
  });

  it('at their end it comes back before the first that was not named', () => {
    expect(end.place).toMatchObject({ xid: beyond, kind: '', id: '' });
    expect([...end.place.open]).toEqual(crowd.slice(0, maxOpenNamed));
    expect(isRepeating(end)).toBe(true);
  });

  it('it comes back also when the crowd has gone meanwhile: what went may have published', () => {
    const back = nextCursor(page, at(2n ** 30n, [1_000n, beyond + 5n]), { more: false });
    expect(back.place.xid).toBe(beyond);
    expect([...back.place.open]).toEqual([1_000n]);
  });

  it('once it is back and the crowd has gone, it goes on as ever', () => {
    const read = at(2n ** 30n, [1_000n]);
    expect(nextCursor(end, read, { more: false })).toBe(read);
  });

  it('its cursor fits into a URL, were the transactions spread over years', () => {
    const spread = nextCursor(at(5n), at(2n ** 36n, ids(5_000, 10_000_000n)), { more: true });
    expect(encodeCursor(spread).length).toBeLessThan(8_000);
    expect(encodeCursor(page).length).toBeLessThan(2_200);
  });
});
