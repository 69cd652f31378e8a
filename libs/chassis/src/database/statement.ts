import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

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

/** An entity, and a row of it without its generated columns. */
export type NewRow = readonly [EntityTarget<ObjectLiteral>, ObjectLiteral];

/**
 * Inserts one row into each of some tables as `manager.insert` does, for tables that get one so often
 * that each connection should parse and plan that only once. It is one statement: the rows may refer
 * to each other. The database fills in generated columns.
 */
export async function insertRows(manager: EntityManager, rows: readonly NewRow[]): Promise<void> {
  const values: unknown[] = [];
  const inserts = rows.map(([entity, row]) => insertOf(manager, entity, row, values));
  const tables = rows.map(([entity]) => manager.dataSource.getMetadata(entity).tableName);
  const others = inserts.slice(1).map((insert, index) => `row_${index} AS (${insert})`);
  const text = `${others.length > 0 ? `WITH ${others.join(', ')} ` : ''}${inserts[0]}`;
  await execute(manager, { name: `${tables.join('+')}.insert`, text }, values);
}

/** An INSERT of one row, whose values are added to `values`. */
function insertOf(
  { dataSource }: EntityManager,
  entity: EntityTarget<ObjectLiteral>,
  row: ObjectLiteral,
  values: unknown[],
): string {
  const { tableName, columns } = dataSource.getMetadata(entity);
  const given = columns.filter(({ isGenerated }) => !isGenerated);
  const places = given.map((column) => {
    const value: unknown = column.getEntityValue(row);
    return `$${values.push(dataSource.driver.preparePersistentValue(value, column))}`;
  });
  const names = given.map(({ databaseName }) => databaseName);
  return `INSERT INTO ${tableName} (${names.join(', ')}) VALUES (${places.join(', ')})`;
}

/** Columns of an entity, in a statement that joins it with others. */
export interface EntityColumns<Row> {
  /** For a SELECT: `session.user_id AS "session.userId", …`. */
  readonly list: string;
  /** What a row of that SELECT has of the entity. If an outer join found nothing, all of it is `null`. */
  read(row: object): Row;
}

/**
 * The columns of an entity as TypeORM knows them, so that a statement has a new one without a change.
 *
 * @param alias of the table in the statement
 * @param properties default: all
 */
export function entityColumns<
  Entity extends ObjectLiteral,
  Name extends keyof Entity = keyof Entity,
>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  alias: string,
  properties?: readonly Name[],
): EntityColumns<Pick<Entity, Name>> {
  const columns = dataSource
    .getMetadata(entity)
    .columns.filter(({ propertyName }) => properties?.includes(propertyName as Name) ?? true)
    .map(({ databaseName, propertyName }) => ({
      source: `${alias}.${databaseName}`,
      property: propertyName,
      name: `${alias}.${propertyName}`,
    }));
  return {
    list: columns.map(({ source, name }) => `${source} AS "${name}"`).join(', '),
    read: (row) => {
      const values = row as Record<string, unknown>;
      const found = columns.map(({ property, name }) => [property, values[name]] as const);
      return Object.fromEntries(found) as Pick<Entity, Name>;
    },
  };
}
