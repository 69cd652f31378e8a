/** Rows of a table that nobody needs any more. Texts of SQL, from the source and nowhere else. */
export interface ExpiredRows {
  readonly table: string;
  /** By the clock of the database, the one that all processes share. */
  readonly condition: string;
  /** The column by which the oldest are found: it has an index. */
  readonly age: string;
}
