import { createHmac, timingSafeEqual } from 'node:crypto';
import { MAX_CURSOR_LENGTH, RevocationSourceError } from '../../revocation/revocation-source.js';

/*
 * The words of the feed:
 * - key (`PublicationKey`): where an entry stands in the order of publication;
 * - place (`FeedPlace`): how far a reader has come: a key, and the transactions before it that may
 *   still publish;
 * - cursor (`FeedCursor`): a place, and what else a reader sends to go on from it;
 * - position (`FeedPosition`): a place without kind and id, for questions about whole transactions.
 */

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
 * A place never lies beyond the newest entry that was read. The commit of that entry is on disk,
 * and with it the fact that all smaller transaction ids were given out. Larger ids may have gone to
 * transactions that left nothing on disk. After a crash Postgres gives those out again, and to have
 * "seen" them would be to miss what a later transaction publishes under the same id.
 */
export interface FeedPlace extends PublicationKey {
  /** Ids below `xid`, ascending. */
  readonly open: ReadonlySet<bigint>;
}

const SNAPSHOT_FORM = /^\d{1,20}:(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/;

/**
 * Reads the text form of a `pg_snapshot`, `xmin:xmax:xip,…`. The ids are 64 bits long (`xid8`).
 *
 * @throws TypeError when it is none.
 */
export function parseSnapshot(text: string): PgSnapshot {
  const [, xmax, xip] = SNAPSHOT_FORM.exec(text) ?? [];
  if (xmax === undefined || xip === undefined) throw new TypeError('Not a pg_snapshot');
  return { xmax: BigInt(xmax), open: xip === '' ? [] : xip.split(',').map(BigInt) };
}

/** Nothing seen yet. */
export const THE_BEGINNING: FeedPlace = { xid: 0n, kind: '', id: '', open: new Set() };

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

/**
 * How far a reader has come, by the transactions that published: what its cursor shows that it has
 * applied.
 */
export class FeedPosition {
  /**
   * @param transactionId everything that smaller transaction ids published has been read (`xid8`)
   * @param open except what these publish later: they had not ended then
   * @param databaseIdentity of the database whose transactions they are, see `clusterIdentity`
   */
  constructor(
    readonly transactionId: bigint,
    readonly open: ReadonlySet<bigint> = new Set(),
    readonly databaseIdentity?: string,
  ) {}

  static of({ xid, open }: FeedPlace, databaseIdentity: string): FeedPosition {
    return new FeedPosition(xid, open, databaseIdentity);
  }

  /**
   * Everything that transaction ids below this one published has been read, without an exception.
   */
  get completeBelow(): bigint {
    return [...this.open].reduce((least, id) => (id < least ? id : least), this.transactionId);
  }

  /** Whether everything was read that a transaction has published which has committed. */
  covers(transactionId: bigint): boolean {
    return transactionId < this.transactionId && !this.open.has(transactionId);
  }
}

/** Where a reader continues. The cursor holds everything, so any process can serve any reader. */
export interface FeedCursor {
  readonly place: FeedPlace;
  /** `xmax` of the snapshot that was read last. A database that has not come so far is older. */
  readonly xmax: bigint;
  /** Fingerprint of the key set that the reader got last. */
  readonly jwks: string | undefined;
}

const MAC_BYTES = 16;

/**
 * Writes cursors as text, with a MAC (HMAC-SHA256, 128 bits), and reads those alone that were
 * written with the same secret for the same database. What anyone else made up is no cursor.
 */
export class CursorCodec {
  private readonly key: Buffer;

  /**
   * @param secret kept in the database, for all its processes
   * @param identity changes when transaction ids may mean something else, see `clusterIdentity`
   */
  constructor(
    secret: Buffer,
    readonly identity: string,
  ) {
    this.key = createHmac('sha256', secret).update(`feed cursor 2 ${identity}`).digest();
  }

  /**
   * The text form: URL-safe, and opaque to everyone else.
   *
   * @throws RevocationSourceError `unavailable` when it gets too long: thousands of transactions
   * are open that wrote before the newest revocation
   */
  encode({ place, xmax, jwks = '' }: FeedCursor): string {
    const { xid, kind, id, open } = place;
    const numbers = [xmax, xid, ...gapsBelow(xid, [...open])];
    const texts = [kind, id, jwks].map((text) => Buffer.from(text).toString('base64url'));
    const payload = [...texts, numbers.map((each) => each.toString(16)).join('-')].join('.');
    const text = `${payload}.${this.mac(payload)}`;
    if (text.length <= MAX_CURSOR_LENGTH) return text;
    const message = `${open.size} open transactions are too many for a cursor`;
    throw new RevocationSourceError('unavailable', message);
  }

  /** What {@link encode} was given; `undefined` for any other text. */
  decode(text: string): FeedCursor | undefined {
    if (text.length > MAX_CURSOR_LENGTH) return undefined;
    const end = text.lastIndexOf('.');
    if (end < 0 || !this.isMac(text.slice(end + 1), text.slice(0, end))) return undefined;
    // The MAC proves that it was written here, so its form needs no check.
    const [kind, id, jwks, numbers] = text.split('.', 4) as [string, string, string, string];
    const [xmax, xid, ...gaps] = numbers.split('-').map((digits) => BigInt(`0x${digits}`));
    const open = new Set(idsBelow(xid!, gaps));
    return {
      place: { xid: xid!, kind: textOf(kind), id: textOf(id), open },
      xmax: xmax!,
      jwks: jwks === '' ? undefined : textOf(jwks),
    };
  }

  private mac(payload: string): string {
    const digest = createHmac('sha256', this.key).update(payload).digest();
    return digest.subarray(0, MAC_BYTES).toString('base64url');
  }

  private isMac(mac: string, payload: string): boolean {
    const [given, right] = [Buffer.from(mac), Buffer.from(this.mac(payload))];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

function textOf(field: string): string {
  return Buffer.from(field, 'base64url').toString();
}

/**
 * Each id of an ascending list as its distance from the next larger one: they lie close together.
 */
function gapsBelow(end: bigint, ids: readonly bigint[]): bigint[] {
  return ids.toReversed().map((id, index, descending) => (descending[index - 1] ?? end) - id);
}

function idsBelow(end: bigint, gaps: readonly bigint[]): bigint[] {
  const descending: bigint[] = [];
  for (const gap of gaps) descending.push((descending.at(-1) ?? end) - gap);
  return descending.reverse();
}
