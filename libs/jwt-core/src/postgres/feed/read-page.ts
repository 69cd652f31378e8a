import { PAGE_SIZE } from '../../revocation/revocation-source.js';
import { PRUNE_GRACE_SECONDS } from '../../revocation/revocation-list.js';
import type { Revocation, RevocationKind } from '../../revocation/revocation.js';
import type { FeedConnection } from './connection.js';
import {
  latestKey,
  parseSnapshot,
  placeAt,
  THE_BEGINNING,
  type FeedPlace,
  type PgSnapshot,
  type PublicationKey,
} from './cursor.js';

/** An entry, and the transaction that published it. */
export interface PublishedRevocation extends PublicationKey {
  readonly revocation: Revocation;
}

/** What became visible since a place, in the order of publication. */
export interface FeedPage {
  readonly entries: readonly PublishedRevocation[];
  /** There is more than fits into a page. */
  readonly more: boolean;
  /** How far the page takes a reader. */
  readonly place: FeedPlace;
  /** What the page was read in. */
  readonly snapshot: PgSnapshot;
  /** Entries that expired before this second, by the database's clock, are left out. */
  readonly expiredBefore: number;
  /** When the oldest of the entries was recorded, on this process's `performance.now()`. */
  readonly oldestAtMs: number | undefined;
}

interface Row {
  readonly snapshot: string;
  readonly expired_before: string;
  /** The largest transaction id in the table, of expired entries too. */
  readonly newest: string | null;
  readonly entries: EntryColumns;
  /** Of the oldest entry, by the database's clock alone. */
  readonly age_ms: number | null;
}

/** As long as each other. `null` when there are no entries. */
interface EntryColumns {
  readonly kinds: readonly RevocationKind[] | null;
  readonly ids: readonly string[];
  readonly exps: readonly number[];
  readonly befores: readonly (number | null)[];
  readonly versions: readonly (number | null)[];
  readonly xids: readonly string[];
}

// One statement, so that entries and snapshot belong together. It reads two ranges of one index:
// entries of transactions that were open at the place, and everything that follows the place.
// Entries come by column: building an array for each takes as long again as reading them. They are
// sorted before, not in each array_agg: before Postgres 16 each would sort all of them.
const TEXT = `
WITH moment AS MATERIALIZED (
  SELECT pg_current_snapshot() AS snapshot,
         floor(extract(epoch FROM now()))::bigint - ${PRUNE_GRACE_SECONDS} AS expired_before
), unseen AS MATERIALIZED (
  (SELECT xid, kind, id, exp, before, token_version, created_at FROM revoked_tokens
    WHERE xid = ANY ($4::xid8[]) AND exp >= (SELECT expired_before FROM moment)
    ORDER BY xid, kind, id LIMIT $5)
  UNION ALL
  (SELECT xid, kind, id, exp, before, token_version, created_at FROM revoked_tokens
    WHERE (xid, kind, id) > ($1::xid8, $2, $3) AND exp >= (SELECT expired_before FROM moment)
    ORDER BY xid, kind, id LIMIT $5)
  ORDER BY xid, kind, id LIMIT $5
)
SELECT snapshot::text AS snapshot, expired_before,
  -- Not max(xid), which Postgres 14 does not have.
  (SELECT xid FROM revoked_tokens ORDER BY xid DESC LIMIT 1)::text AS newest,
  (SELECT json_build_object(
      'kinds', array_agg(kind),
      'ids', array_agg(id),
      'exps', array_agg(exp),
      'befores', array_agg(before),
      'versions', array_agg(token_version),
      'xids', array_agg(xid::text))
    FROM (SELECT * FROM unseen ORDER BY xid, kind, id) AS ordered) AS entries,
  (SELECT extract(epoch FROM clock_timestamp() - min(created_at)) FROM unseen)::float8 * 1000
    AS age_ms
FROM moment`;

export interface PageRequest {
  readonly after: FeedPlace;
  /**
   * Up to where all that is visible has been read, if that is further: the reader is taken there at
   * least, unless there is more than a page.
   */
  readonly known?: PublicationKey;
  readonly limit?: number;
}

/** Reads what a reader at `after` has not seen. */
export async function readPage(
  connection: Pick<FeedConnection, 'query'>,
  { after, known = after, limit = PAGE_SIZE }: PageRequest,
): Promise<FeedPage> {
  const values = [`${after.xid}`, after.kind, after.id, `{${[...after.open].join()}}`, limit + 1];
  const row = await connection.query<Row>({ name: 'read page', text: TEXT, values });
  const found = row.entries.kinds?.length ?? 0;
  const more = found > limit;
  const entries = publishedRevocations(row.entries, Math.min(found, limit));
  const snapshot = parseSnapshot(row.snapshot);
  const end = more ? entries.at(-1)! : latestKey(known, endOf(row.newest));
  const expiredBefore = Number(row.expired_before);
  const oldestAtMs = row.age_ms === null ? undefined : performance.now() - row.age_ms;
  return { entries, more, place: placeAt(end, snapshot), snapshot, expiredBefore, oldestAtMs };
}

/** Reads how far one has come who has read everything. */
export function readEnd(connection: FeedConnection): Promise<FeedPage> {
  const behindEverything = { ...THE_BEGINNING, xid: 2n ** 64n - 1n };
  return readPage(connection, { after: behindEverything, known: THE_BEGINNING });
}

function publishedRevocations(columns: EntryColumns, count: number): PublishedRevocation[] {
  const { kinds, ids, exps, befores, versions, xids } = columns;
  let [text, xid] = ['0', 0n];
  return Array.from({ length: count }, (_, index) => {
    // Those of one transaction share its id.
    if (xids[index] !== text) [text, xid] = [xids[index]!, BigInt(xids[index]!)];
    const [kind, id, exp, before] = [kinds![index]!, ids[index]!, exps[index]!, befores[index]!];
    const tokenVersion = versions[index] ?? undefined;
    const revocation: Revocation = {
      ...{ kind, id, exp },
      ...(before !== null && { before }),
      ...(tokenVersion !== undefined && { tokenVersion }),
    };
    return { xid, kind, id, revocation };
  });
}

/** Behind all entries of a transaction: once one of them is visible, no more will come. */
function endOf(xid: string | null): PublicationKey {
  return { xid: xid === null ? 0n : BigInt(xid) + 1n, kind: '', id: '' };
}
