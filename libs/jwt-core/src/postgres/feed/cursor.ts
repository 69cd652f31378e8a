import { createHmac, timingSafeEqual } from 'node:crypto';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import type { FeedPlace } from './place.js';

/** Where a reader continues. The cursor holds everything, so any process can serve any reader. */
export interface FeedCursor {
  readonly place: FeedPlace;
  /** `xmax` of the snapshot that was read last. A database that has not come so far is older. */
  readonly horizon: bigint;
  /** Fingerprint of the key set that the reader got last. */
  readonly jwks: string | undefined;
}

/** Receivers accept 4,096 characters. Some thousand open transactions fit. */
const maxLength = 4_096;
const macBytes = 16;

/**
 * Writes cursors as text, with a MAC (HMAC-SHA256, 128 bits), and reads those alone that were written
 * with the same secret for the same database. What anyone else made up is no cursor.
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
   * @throws RevocationSourceError `unavailable` when it gets too long: thousands of transactions are
   * open that wrote before the newest revocation
   */
  encode({ place, horizon, jwks = '' }: FeedCursor): string {
    const { xid, kind, id, open } = place;
    const numbers = [horizon, xid, ...gapsBelow(xid, [...open])];
    const texts = [kind, id, jwks].map((text) => Buffer.from(text).toString('base64url'));
    const payload = [...texts, numbers.map((each) => each.toString(16)).join('-')].join('.');
    const text = `${payload}.${this.mac(payload)}`;
    if (text.length <= maxLength) return text;
    const message = `${open.size} open transactions are too many for a cursor`;
    throw new RevocationSourceError('unavailable', message);
  }

  /** What {@link encode} was given; `undefined` for any other text. */
  decode(text: string): FeedCursor | undefined {
    if (text.length > maxLength) return undefined;
    const end = text.lastIndexOf('.');
    if (end < 0 || !this.isMac(text.slice(end + 1), text.slice(0, end))) return undefined;
    // Nobody else can have written it, so its form needs no test.
    const [kind, id, jwks, numbers] = text.split('.', 4) as [string, string, string, string];
    const [horizon, xid, ...gaps] = numbers.split('-').map((digits) => BigInt(`0x${digits}`));
    const open = new Set(idsBelow(xid!, gaps));
    return {
      place: { xid: xid!, kind: textOf(kind), id: textOf(id), open },
      horizon: horizon!,
      jwks: jwks === '' ? undefined : textOf(jwks),
    };
  }

  private mac(payload: string): string {
    const digest = createHmac('sha256', this.key).update(payload).digest();
    return digest.subarray(0, macBytes).toString('base64url');
  }

  private isMac(mac: string, payload: string): boolean {
    const [given, right] = [Buffer.from(mac), Buffer.from(this.mac(payload))];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

function textOf(field: string): string {
  return Buffer.from(field, 'base64url').toString();
}

/** Each id of an ascending list as its distance from the next larger one: they lie close together. */
function gapsBelow(end: bigint, ids: readonly bigint[]): bigint[] {
  return ids.toReversed().map((id, index, descending) => (descending[index - 1] ?? end) - id);
}

function idsBelow(end: bigint, gaps: readonly bigint[]): bigint[] {
  const descending: bigint[] = [];
  for (const gap of gaps) descending.push((descending.at(-1) ?? end) - gap);
  return descending.reverse();
}
