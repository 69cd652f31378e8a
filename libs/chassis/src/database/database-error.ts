/** Why the database cannot be used. `message` is for operators: it says what to do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';

  constructor(
    readonly code:
      | 'unreachable'
      | 'refused'
      | 'missing'
      | 'lock_timeout'
      | 'not_migrated'
      | 'role_missing',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The SQLSTATE or system error code of what `pg` throws. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
