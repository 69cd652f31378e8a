import { z } from 'zod';

import { fromCursor, toCursor, type Position } from './page-cursor.js';

/** Which page of a list is asked for. */
export const PageQuery = z.strictObject({
  cursor: z.string().max(4096).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: 'expected a whole number', abort: true })
    .transform(Number)
    .pipe(z.int().min(1).max(100))
    .default(20)
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 20 }),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** A page as it is answered, the latest first. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'null: there are no more' }),
  });

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

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
