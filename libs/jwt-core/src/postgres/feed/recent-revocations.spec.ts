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
function newLog(): RecentRevocations {
  const log = new RecentRevocations(cursors, page(place(10, 7)));
  log.append(page(place(13, 7), entry(12)));
  log.append(page(place(13), entry(7)));
  log.append(page(place(16), entry(15)));
  return log;
}
const ids = (log: RecentRevocations, after: FeedPlace) =>
  log.read(after)?.entries.map(({ id }) => id);

describe('a log', () => {
  it.each([
    ['where it begins', place(10, 7), ['e12', 'e7', 'e15']],
    ['further on', place(13, 7), ['e7', 'e15']],
    ['further on, without the gap', place(13), ['e15']],
    ['before its beginning, with the gap filled', place(10), ['e12', 'e15']],
    ['at its end', place(16), []],
    ['beyond its end', place(20), []],
    ['at another place in between', place(12, 7), ['e12', 'e7', 'e15']],
  ])('returns to a reader %s what it has not seen', (_, after, expected) => {
    expect(ids(newLog(), after)).toEqual(expected);
  });

  it.each([
    ['before it', place(9, 7)],
    ['with a gap that the log knows nothing of', place(12, 6, 7)],
  ])('does not reach back to a reader %s', (_, after) => {
    expect(newLog().read(after)).toBeUndefined();
  });

  it('takes readers to its end, and never back', () => {
    const log = newLog();
    expect(log.read(place(10, 7))!.place).toBe(log.head);
    expect(log.read(place(20))!.place).toMatchObject({ xid: 20n });
  });

  it('returns one page to readers at one place, until there are new entries', () => {
    const log = newLog();
    const { head } = log;
    const quiet = log.read(head);
    expect(log.read(head)).toBe(quiet);
    log.append(page(place(16)));
    expect(log.head).toBe(head);
    log.append(page(place(18), entry(17)));
    expect(log.read(head)!.entries).toHaveLength(1);
    expect(log.read(head)).toBe(log.read(head));
  });

  it('returns nothing between two pages of its own read', () => {
    const log = newLog();
    log.append({ ...page(place(8), entry(7, 'first')), more: true });
    expect(log.read(place(16))).toBeUndefined();
    log.append(page(place(16), entry(7, 'second'), entry(12), entry(15)));
    expect(ids(log, place(16, 7))).toEqual(['e7', 'first', 'second']);
  });

  it('leaves out what has expired meanwhile', () => {
    const log = newLog();
    log.append({ ...page(place(16)), expiredBefore: exp });
    expect(ids(log, place(13))).toEqual(['e15']);
    log.append({ ...page(place(16)), expiredBefore: exp + 1 });
    expect(ids(log, place(10, 7))).toEqual([]);
  });

  it('forgets the oldest reads beyond a page', () => {
    const log = newLog();
    const many = Array.from({ length: PAGE_SIZE }, (_, n) => entry(20 + n));
    log.append(page(place(1_020), ...many.slice(0, 1_000)));
    log.append(page(place(2_020), ...many.slice(1_000)));
    expect([log.reaches(place(13)), log.read(place(13))]).toEqual([false, undefined]);
    expect(log.reaches(place(16))).toBe(true);
    expect(ids(log, place(16))).toHaveLength(PAGE_SIZE);
    log.append(page(place(2_023), entry(2_022)));
    expect([log.reaches(place(16)), log.read(place(16))]).toEqual([false, undefined]);
    expect(ids(log, place(1_020))).toHaveLength(1_001);
  });

  it('holds one read that is a whole page', () => {
    const log = newLog();
    const many = Array.from({ length: PAGE_SIZE }, (_, n) => entry(20 + n));
    log.append(page(place(2_020), ...many));
    expect(ids(log, place(16))).toHaveLength(PAGE_SIZE);
  });
});

describe('what a log leaves out', () => {
  it('does not come back when the clock of the database is set back', () => {
    const log = newLog();
    log.append({ ...page(place(16)), expiredBefore: exp + 1 });
    log.append({ ...page(place(16)), expiredBefore: 0 });
    expect(log.read(place(13))).toMatchObject({ entries: [], expiredBefore: exp + 1 });
  });

  it('is updated for readers at one place, but not each second', () => {
    const log = newLog();
    const reader = place(13);
    const first = log.read(reader);
    log.append({ ...page(place(16)), expiredBefore: 29 });
    expect(log.read(reader)).toBe(first);
    log.append({ ...page(place(16)), expiredBefore: 30 });
    expect(log.read(reader)).toMatchObject({ expiredBefore: 30 });
  });
});
