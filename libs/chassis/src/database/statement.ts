import type { EntityManager } from 'typeorm';

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
