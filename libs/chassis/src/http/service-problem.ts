import type { Problem } from '@jwt-auth/jwt-core';

import { databaseOutage } from '../errors/database-outage.js';
import { PageCursorError } from '../pages/page-cursor.js';

const INVALID_CURSOR: Problem = {
  status: 400,
  code: 'invalid_input',
  errors: [{ path: 'cursor', message: 'is not from an answer to this question' }],
};

/**
 * How the errors look that any service can have beside its own: a database that is away for a
 * moment, and a caller who hung up in the midst of the body. For `provideProblems`, after the
 * app's own: `(error) => orderProblem(error) ?? serviceProblem(error)`.
 */
export function serviceProblem(error: unknown): Problem | undefined {
  if (error instanceof PageCursorError) return INVALID_CURSOR;
  // Before the database's, which may lose a connection with the same code.
  if (isAbortedBody(error)) return { status: 400, code: 'invalid_input' };
  if (!databaseOutage(error)) return undefined;
  return { status: 503, code: 'database_unavailable', headers: { 'Retry-After': '1' } };
}

/** The caller cannot read the answer, but the log must not show an error of the service. */
function isAbortedBody(error: unknown): boolean {
  return error instanceof Error && error.message === 'aborted' && 'statusCode' in error;
}
