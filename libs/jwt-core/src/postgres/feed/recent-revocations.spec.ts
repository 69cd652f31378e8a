import { describe, expect, it } from 'vitest';
import { PAGE_SIZE } from '../../revocation/revocation-source.js';
import { CursorCodec, placeAt, type FeedPlace } from './cursor.js';
import type { FeedPage, PublishedRevocation } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

const cursors = new CursorCodec(Buffer.from('secret'), 'identity');
const exp = 1_000;
const entry = (xid: number, id = `e${xid}`): PublishedRevocation => ({
  xid: BigInt(xid),
  kind: 'jti',
  id,
  revocation: { kind: 'jti', id, exp },
});
const place = (xid: number, ...open: number[]): FeedPlace =>
  placeAt({ xid: BigInt(xid), kind: '', id: '' }, { xmax: 0n, open: open.map(BigInt) });
const page = (end: FeedPlace, ...entries: PublishedRevocation[]): FeedPage => ({
  entries,
  more: false,
  place: end,
  snapshot: { xmax: end.xid + 5n, open: [...end.open] },
  expiredBefore: 0,
  oldestAtMs: undefined,
});

/** Begins at 10 with 7 open, then gets 12, then 7, then 15. */
function newRecent(): RecentRevocations {
  const recent = new RecentRevocations(cursors, page(place(10, 7)));
  recent.append(page(place(13, 7), entry(12)));
  recent.append(page(place(13), entry(7)));
  recent.append(page(place(16), entry(15)));
  return recent;
}
const ids = (recent: RecentRevocations, after: FeedPlace) =>
  recent.read(after)?.entries.map(({ id }) => id);

describe('recent revocations', () => {
  it.each([
    ['where it begins', place(10, 7), ['e12', 'e7', 'e15']],
    ['further on', place(13, 7), ['e7', 'e15']],
    ['further on, without the gap', place(13), ['e15']],
    ['before its beginning, with the gap filled', place(10), ['e12', 'e15']],
    ['at its end', place(16), []],
    ['beyond its end', place(20), []],
    ['at another place in between', place(12, 7), ['e12', 'e7', 'e15']],
  ])('returns to a reader %s what it has not seen', (_, after, expected) => {
    expect(ids(newRecent(), after)).toEqual(expected);
  });

  it.each([
    ['before it', place(9, 7)],
    ['with a gap that they know nothing of', place(12, 6, 7)],
  ])('does not reach back to a reader %s', (_, after) => {
    expect(newRecent().read(after)).toBeUndefined();
  });

  it('takes readers to its end, and never back', () => {
    const recent = newRecent();
    expect(recent.read(place(10, 7))!.place).toBe(recent.place);
    expect(recent.read(place(20))!.place).toMatchObject({ xid: 20n });
  });

  it('returns one page to readers at one place, until there are new entries', () => {
    const recent = newRecent();
    const { place: end } = recent;
    const quiet = recent.read(end);
    expect(recent.read(end)).toBe(quiet);
    recent.append(page(place(16)));
    expect(recent.place).toBe(end);
    recent.append(page(place(18), entry(17)));
    expect(recent.read(end)!.entries).toHaveLength(1);
    expect(recent.read(end)).toBe(recent.read(end));
  });

  it('returns nothing between two pages of its own read', () => {
    const recent = newRecent();
    recent.append({ ...page(place(8), entry(7, 'first')), more: true });
    expect(recent.read(place(16))).toBeUndefined();
    recent.append(page(place(16), entry(7, 'second'), entry(12), entry(15)));
    expect(ids(recent, place(16, 7))).toEqual(['e7', 'first', 'second']);
  });

  it('leaves out what has expired meanwhile', () => {
    const recent = newRecent();
    recent.append({ ...page(place(16)), expiredBefore: exp });
    expect(ids(recent, place(13))).toEqual(['e15']);
    recent.append({ ...page(place(16)), expiredBefore: exp + 1 });
    expect(ids(recent, place(10, 7))).toEqual([]);
  });

  it('forgets the oldest reads beyond a page', () => {
    const recent = newRecent();
    const many = Array.from({ length: PAGE_SIZE }, (_, n) => entry(20 + n));
    recent.append(page(place(1_020), ...many.slice(0, 1_000)));
    recent.append(page(place(2_020), ...many.slice(1_000)));
    expect([recent.reaches(place(13)), recent.read(place(13))]).toEqual([false, undefined]);
    expect(recent.reaches(place(16))).toBe(true);
    expect(ids(recent, place(16))).toHaveLength(PAGE_SIZE);
    recent.append(page(place(2_023), entry(2_022)));
    expect([recent.reaches(place(16)), recent.read(place(16))]).toEqual([false, undefined]);
    expect(ids(recent, place(1_020))).toHaveLength(1_001);
  });

  it('holds one read that is a whole page', () => {
    const recent = newRecent();
    const many = Array.from({ length: PAGE_SIZE }, (_, n) => entry(20 + n));
    recent.append(page(place(2_020), ...many));
    expect(ids(recent, place(16))).toHaveLength(PAGE_SIZE);
  });
});

describe('what recent revocations leave out', () => {
  it('does not come back when the clock of the database is set back', () => {
    const recent = newRecent();
    recent.append({ ...page(place(16)), expiredBefore: exp + 1 });
    recent.append({ ...page(place(16)), expiredBefore: 0 });
    expect(recent.read(place(13))).toMatchObject({ entries: [], expiredBefore: exp + 1 });
  });

  it('is updated for readers at one place, but not each second', () => {
    const recent = newRecent();
    const reader = place(13);
    const first = recent.read(reader);
    recent.append({ ...page(place(16)), expiredBefore: 29 });
    expect(recent.read(reader)).toBe(first);
    recent.append({ ...page(place(16)), expiredBefore: 30 });
    expect(recent.read(reader)).toMatchObject({ expiredBefore: 30 });
  });
});
