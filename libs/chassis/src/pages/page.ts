import type { SelectQueryBuilder } from 'typeorm';
import { z } from 'zod';

import { decodeCursor, encodeCursor, type Position } from './page-cursor.js';

/** Which page of a list is asked for. A list that takes more questions extends it. */
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

/** The schema of a page as it is answered, the latest first. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'null: there are no more' }),
  });

export interface Page<Item> {
  /** The latest first. */
  readonly items: readonly Item[];
  /** `null`: there are no more. */
  readonly nextCursor: string | null;
}

/** A list in the order of a key that does not change while a caller reads page after page. */
export interface Listing<Row, P extends Position> {
  /** The list and its filter: a cursor of another one is refused. */
  readonly name: string;
  readonly position: z.ZodType<P>;
  readonly positionOf: (row: Row) => P;
  /** @param after `undefined` for the first page */
  readonly read: (after: P | undefined, count: number) => Promise<readonly Row[]>;
}

/** @throws PageCursorError */
export async function readPage<Row, P extends Position>(
  { name, position, positionOf, read }: Listing<Row, P>,
  { cursor, limit }: PageQuery,
): Promise<Page<Row>> {
  const after = cursor === undefined ? undefined : decodeCursor(name, cursor, position);
  const found = await read(after, limit + 1);
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last ? encodeCursor(name, positionOf(last)) : null };
}

// Microseconds, as Postgres keeps them. A Date has only milliseconds, and a cursor with those skips
// the rows of the same millisecond. 16 digits reach the year 2286.
const LatestPosition = z.tuple([z.string().regex(/^\d{1,16}$/), z.uuid()]);

/**
 * A page of the rows that a query finds, the latest first: by `createdAt`, then by `id`.
 *
 * @param name the list and its filter
 * @throws PageCursorError
 */
export async function readLatestFirst<Row extends { readonly id: string }>(
  query: SelectQueryBuilder<Row>,
  name: string,
  page: PageQuery,
): Promise<Page<Row>> {
  const row = query.alias;
  const read = async (after: z.infer<typeof LatestPosition> | undefined, count: number) => {
    query
      .addSelect(`(extract(epoch FROM ${row}.createdAt) * 1000000)::bigint`, 'microseconds')
      .orderBy({ [`${row}.createdAt`]: 'DESC', [`${row}.id`]: 'DESC' })
      .limit(count);
    if (after) {
      const [microseconds, id] = after;
      query.andWhere(
        `(${row}.createdAt, ${row}.id) <
           (timestamptz 'epoch' + :microseconds * interval '1 microsecond', :id)`,
        { microseconds, id },
      );
    }
    const { entities, raw } = await query.getRawAndEntities<{ microseconds: string }>();
    return entities.map((entity, i) => ({ entity, microseconds: raw[i]?.microseconds ?? '' }));
  };
  const { items, nextCursor } = await readPage(
    {
      name,
      position: LatestPosition,
      positionOf: ({ entity, microseconds }) => [microseconds, entity.id] as [string, string],
      read,
    },
    page,
  );
  return { items: items.map(({ entity }) => entity), nextCursor };
}
