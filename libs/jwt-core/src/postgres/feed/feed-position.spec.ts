import { describe, expect, it } from 'vitest';
import { placeAt } from './cursor.js';
import { FeedPosition } from './feed-position.js';

describe('a position', () => {
  it('covers what smaller transactions have published, but for those that were open', () => {
    const place = placeAt({ xid: 10n, kind: '', id: '' }, { xmax: 12n, open: [4n, 11n] });
    const position = FeedPosition.of(place);
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
    expect(FeedPosition.of(place).covers(10n)).toBe(false);
  });
});
