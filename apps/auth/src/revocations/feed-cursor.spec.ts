import { describe, expect, it } from 'vitest';

import { feedCursor, readFeedCursor } from './feed-cursor.js';

describe('the cursor of the feed', () => {
  it.each([['abc'], ['1.2.3'], ['.'], ['a b/ü']])('carries the source cursor %j', (after) => {
    const fingerprint = 'x_-9';
    expect(readFeedCursor(feedCursor(after, fingerprint))).toEqual({ after, fingerprint });
  });

  it.each([
    ['nothing', undefined],
    ['nothing in it', ''],
    ['no fingerprint', 'abc'],
    ['no place', '.fingerprint'],
    ['two of them', ['a.b', 'c.d']],
    ['a member of a query object', { a: 'b' }],
  ])('stands nowhere when there is %s', (_, cursor) => {
    expect(readFeedCursor(cursor)).toEqual({ after: undefined, fingerprint: undefined });
  });
});
