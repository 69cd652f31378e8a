/** A `pg_snapshot`: which transactions had ended at the moment it was taken. */
export interface PgSnapshot {
  /** `xmax`: no transaction from this id on had ended. */
  readonly xmax: bigint;
  /** `xip`: the smaller ids whose transactions had not ended either, ascending. */
  readonly open: readonly bigint[];
}

/** Entries are published in this order: by transaction, then kind, then id (as UTF-8 bytes). */
export interface PublicationKey {
  readonly xid: bigint;
  readonly kind: string;
  readonly id: string;
}

/**
 * How far a reader has come in the order of publication.
 *
 * It has seen everything up to this key, except what transactions publish that were `open` then and
 * may commit later. Neither kind nor id, both '', stand before every entry of the transaction.
 *
 * A place never lies beyond the newest entry that was read. The commit of that entry is on disk, and
 * with it the fact that all smaller transaction ids were given out. Larger ids may have gone to
 * transactions that left nothing on disk. After a crash Postgres gives those out again, and to have
 * "seen" them would be to miss what a later transaction publishes under the same id.
 */
export interface FeedPlace extends PublicationKey {
  /** Ids below `xid`, ascending. */
  readonly open: ReadonlySet<bigint>;
}

const snapshotForm = /^\d{1,20}:(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/;

/**
 * Reads the text form of a `pg_snapshot`, `xmin:xmax:xip,…`. The ids are 64 bits long (`xid8`).
 *
 * @throws TypeError when it is none.
 */
export function parseSnapshot(text: string): PgSnapshot {
  const [, xmax, xip] = snapshotForm.exec(text) ?? [];
  if (xmax === undefined || xip === undefined) throw new TypeError('Not a pg_snapshot');
  return { xmax: BigInt(xmax), open: xip === '' ? [] : xip.split(',').map(BigInt) };
}

/** Nothing seen yet. */
export const theBeginning: FeedPlace = { xid: 0n, kind: '', id: '', open: new Set() };

/** Everything up to the key that is visible in the snapshot. */
export function placeAt({ xid, kind, id }: PublicationKey, { open }: PgSnapshot): FeedPlace {
  return { xid, kind, id, open: new Set(open.filter((other) => other < xid)) };
}

export function hasSeen(place: FeedPlace, entry: PublicationKey): boolean {
  return compareKeys(entry, place) <= 0 && !place.open.has(entry.xid);
}

/** Whether a reader at `place` has seen everything that one at `other` has. */
export function isAtLeast(place: FeedPlace, other: FeedPlace): boolean {
  if (compareKeys(place, other) < 0) return false;
  for (const xid of place.open) {
    if (xid > other.xid) break;
    if (!other.open.has(xid)) return false;
  }
  return true;
}

export function latestKey(one: PublicationKey, other: PublicationKey): PublicationKey {
  return compareKeys(one, other) < 0 ? other : one;
}

export function compareKeys(one: PublicationKey, other: PublicationKey): number {
  if (one.xid !== other.xid) return one.xid < other.xid ? -1 : 1;
  return compareText(one.kind, other.kind) || compareText(one.id, other.id);
}

/** As Postgres does under COLLATE "C"; JavaScript's own order is another beyond U+FFFF. */
function compareText(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
