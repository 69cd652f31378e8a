/** The `code` of a system error (`ENOENT`) or of Postgres (`42P04`), `''` for any other value. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
