import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase } from '../postgres/postgres-server.js';
import type {} from './global-setup.js';

/**
 * Makes an empty database for the calling spec alone, on the server of this test run. The project
 * needs `testProjects({ postgres: true })`.
 * @returns its address, password included
 */
export function freshDatabase(): Promise<string> {
  return createDatabase(inject('postgresUrl'), `test_${randomUUID()}`);
}
export { contractions, refusedStatements } from './release-before.js';
export { schemaOf } from './schema.js';
export { withDatabase } from './with-database.js';
