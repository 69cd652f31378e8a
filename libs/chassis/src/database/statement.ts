import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/** SQL that runs so often that each connection should parse and plan it only once. */
export interface Statement {
  /** No other statement of the app has it. */
  readonly name: string;
  readonly text: string;
}

/**
 * Runs a statement in the manager's transaction, or in one of its own, and returns its rows. For
 * statements that begin with SELECT, INSERT or WITH … INSERT.
 */
export function execute<Row = object>(
  manager: EntityManager,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  // TypeORM passes a query on to pg as it is, but its types know no names.
  return manager.query<Row[]>({ name, text } as unknown as string, [...values]);
}

/**
 * Inserts a row as `manager.insert` does, for tables that get one so often that each connection should
 * parse and plan that only once. The database fills in generated columns.
 */
export async function insertRow<Row extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  row: Row,
): Promise<void> {
  const { driver } = manager.dataSource;
  const { tableName, columns } = manager.dataSource.getMetadata(entity);
  const given = columns.filter(({ isGenerated }) => !isGenerated);
  const names = given.map(({ databaseName }) => databaseName).join(', ');
  const places = given.map((_, index) => `$${index + 1}`).join(', ');
  const text = `INSERT INTO ${tableName} (${names}) VALUES (${places})`;
  const values = given.map((column): unknown =>
    driver.preparePersistentValue(column.getEntityValue(row), column),
  );
  await execute(manager, { name: `${tableName}.insert`, text }, values);
}
