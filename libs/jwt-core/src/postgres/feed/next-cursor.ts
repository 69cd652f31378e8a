import type { FeedCursor } from './cursor.js';

/** How many open transactions a cursor names. It is then some 3,000 characters long. */
export const maxOpenNamed = 1_000;

/**
 * The cursor of an answer.
 *
 * A cursor has to fit into a URL, also while thousands of transactions are open. Then it names the
 * oldest of them only, and `again`, the first that it does not. A reader that is given page after
 * page goes on through them, but at the end comes back to `again` and is told once more what it may
 * have seen already: too much, never too little.
 *
 * @param asked the cursor that was asked with
 * @param read how far this answer takes the reader
 */
export function nextCursor(
  asked: FeedCursor | undefined,
  read: FeedCursor,
  { more, openNamed = maxOpenNamed }: { readonly more: boolean; readonly openNamed?: number },
): FeedCursor {
  const again = least(owed(asked), [...read.place.open][openNamed]);
  if (again === undefined) return read;
  const open = new Set([...read.place.open].filter((xid) => xid < again));
  const place = more ? { ...read.place, open } : { xid: again, kind: '', id: '', open };
  return { ...read, place, again };
}

/** Whether an answer to this cursor repeats what the reader has seen already. */
export function isRepeating({ place, again }: FeedCursor): boolean {
  return again === place.xid;
}

/** Where a reader has to come back to that is still on its way through the pages. */
function owed(asked: FeedCursor | undefined): bigint | undefined {
  return asked?.again !== undefined && asked.place.xid > asked.again ? asked.again : undefined;
}

function least(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
