/**
 * For each column of a row: `true` if the export of an account has it, or why it has not. Beside the entity: a new
 * column does not compile without a decision.
 */
export type ExportedColumns<Row> = Readonly<Record<keyof Row, true | `not: ${string}`>>;

/** What an export has of a row. */
export function exportedOf<Row extends object, Columns extends ExportedColumns<Row>>(
  row: Row,
  columns: Columns,
): Exported<Row, Columns> {
  const names = Object.keys(columns) as (keyof Row)[];
  const kept = names.filter((name) => columns[name] === true);
  return Object.fromEntries(kept.map((name) => [name, row[name]])) as Exported<Row, Columns>;
}

type Exported<Row, Columns> = {
  [Name in keyof Row as Columns[Name & keyof Columns] extends true ? Name : never]: Row[Name];
};

const BATCH = 500;

/**
 * All rows in batches, so that a slow reader holds no transaction open.
 *
 * @param read the next ones after this row, in the order of a key
 */
export async function* inBatches<Row>(
  read: (after: Row | undefined, count: number) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  let after: Row | undefined;
  for (;;) {
    const rows = await read(after, BATCH);
    yield* rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1);
  }
}
