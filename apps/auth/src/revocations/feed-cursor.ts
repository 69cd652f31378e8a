/** Where a reader of the feed stands: in the list, and what it was told of the keys. */
export interface FeedPosition {
  /** The source's own cursor. */
  readonly after: string | undefined;
  /** The fingerprint of the key set in the last answer. */
  readonly fingerprint: string | undefined;
}

// The fingerprint is base64url, which has no dot. What the source's cursor looks like is its affair.
const SEPARATOR = '.';

export function feedCursor(after: string, fingerprint: string): string {
  return after + SEPARATOR + fingerprint;
}

/** Takes anything at all: a cursor that is none stands nowhere, and gets a snapshot. */
export function readFeedCursor(cursor: unknown): FeedPosition {
  const end = typeof cursor === 'string' ? cursor.lastIndexOf(SEPARATOR) : -1;
  if (typeof cursor !== 'string' || end < 1) return { after: undefined, fingerprint: undefined };
  return { after: cursor.slice(0, end), fingerprint: cursor.slice(end + 1) };
}
