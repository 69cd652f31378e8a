import { z } from 'zod';

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
