import type { EntityManager } from 'typeorm';

/** SQL that is run so often that each connection shall parse and plan it once. */
export interface Statement {
  /** Of no other statement. */
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
  // TypeORM hands a query to pg as it is, but knows only those without a name.
  return manager.query<Row[]>({ name, text } as unknown as string, [...values]);
}
