import type { FeedPlace } from './place.js';

/** Where a reader goes on. Whatever serves it is in here, so any process can, at any time. */
export interface FeedCursor {
  /** Which database the place is in. */
  readonly identity: string;
  /** `xmax` of the snapshot that was read last. A database that has not come so far is older. */
  readonly horizon: bigint;
  readonly place: FeedPlace;
  /** See `nextCursor`. */
  readonly again?: bigint;
}

/** Far more than `nextCursor` lets it come to, and little enough to look at. */
const maxLength = 24_000;

const form =
  /^1\.([\w-]{11})\.([0-9a-f]{1,16})\.([0-9a-f]{1,16})\.((?:[0-9a-f]{1,16}-)*)\.([0-9a-f]{0,16})\.(?:(jti|sid|client|kid)\.([\w-]{1,1360}))?$/;

/** The text form: URL-safe, and opaque to everyone else. */
export function encodeCursor({ identity, horizon, place, again }: FeedCursor): string {
  const key = place.kind && `${place.kind}.${Buffer.from(place.id).toString('base64url')}`;
  const ids = [horizon, place.xid].map((id) => id.toString(16));
  return ['1', identity, ...ids, gaps(place), again?.toString(16), key].join('.');
}

/** What {@link encodeCursor} gave; `undefined` for anything else. */
export function decodeCursor(text: string): FeedCursor | undefined {
  if (text.length > maxLength) return undefined;
  const [, identity, ...fields] = form.exec(text) ?? [];
  if (identity === undefined) return undefined;
  const [horizon, xid, open, again, kind = '', id = ''] = fields as [
    string,
    string,
    string,
    string,
  ];
  const place = {
    xid: fromHex(xid),
    kind,
    id: Buffer.from(id, 'base64url').toString(),
    open: new Set(idsBelow(fromHex(xid), open)),
  };
  return isPossible(place, fromHex(horizon))
    ? { identity, horizon: fromHex(horizon), place, ...(again && { again: fromHex(again) }) }
    : undefined;
}

/** Postgres answers to a NUL in a text with an error. */
function isPossible({ xid, id, open }: FeedPlace, horizon: bigint): boolean {
  const [least = 1n] = open;
  return xid <= horizon && least > 0n && !id.includes('\0');
}

/** The open ids, each as its distance from the next larger one: open ids lie close together. */
function gaps({ xid, open }: FeedPlace): string {
  const ids = [...open, xid];
  return [...open].map((id, index) => `${(ids[index + 1]! - id).toString(16)}-`).join('');
}

function idsBelow(xid: bigint, gaps: string): bigint[] {
  const descending: bigint[] = [];
  for (const gap of gaps.split('-').slice(0, -1).reverse()) {
    descending.push((descending.at(-1) ?? xid) - fromHex(gap));
  }
  return descending.reverse();
}

function fromHex(digits: string): bigint {
  return BigInt(`0x${digits}`);
}
