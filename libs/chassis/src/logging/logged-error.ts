/** What a log line says of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * An error as it may stand in a log: its name, message, code, stack and causes, and nothing else.
 * Errors of database drivers carry the query's parameters, which are password hashes and e-mails.
 */
export function loggedError(error: unknown, { withStack = true, depth = 5 } = {}): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(withStack && error.stack && { stack: error.stack }),
    ...(error.cause !== undefined &&
      depth > 1 && {
        cause: loggedError(error.cause, { withStack, depth: depth - 1 }),
      }),
  };
}
