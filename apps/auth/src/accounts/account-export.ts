/** An object, or many, which are read while the caller takes them. */
type Content = object | AsyncIterable<object>;

/** Of each member of an export, how its content is read. */
export type ExportedMembers = Readonly<Record<string, () => Content | Promise<Content>>>;

/** The text of one JSON object, in parts that need little memory, however much there is. */
export async function* exportText(members: ExportedMembers, at: Date): AsyncGenerator<string> {
  yield `{"exportedAt":${JSON.stringify(at)}`;
  for (const [name, read] of Object.entries(members)) {
    yield `,\n${JSON.stringify(name)}:`;
    const content = await read();
    if (Symbol.asyncIterator in content) yield* list(content);
    else yield JSON.stringify(content);
  }
  yield '}\n';
}

async function* list(rows: AsyncIterable<object>): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const row of rows) {
    yield separator + JSON.stringify(row);
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
}

/** For each column of a row: `true` if it is in exports, or why it is not. */
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
