import type { Page, PageQuery } from '@jwt-auth/chassis';

import { fromCursor, toCursor, type Position } from './page-cursor.js';

/** How a list is read: in the order of a key that its rows do not change while pages are turned. */
export interface Listing<Row> {
  readonly name: string;
  /** Before every row. */
  readonly start: Position;
  readonly positionOf: (row: Row) => Position;
  readonly read: (after: Position, count: number) => Promise<readonly Row[]>;
}

/** @throws AdminError `invalid_cursor` */
export async function readPage<Row>(
  { name, start, positionOf, read }: Listing<Row>,
  { cursor, limit }: PageQuery,
): Promise<Page<Row>> {
  const after = cursor === undefined ? start : fromCursor(name, cursor);
  const found = await read(after, limit + 1);
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last ? toCursor(name, positionOf(last)) : null };
}
