import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase } from '../postgres/postgres-server.js';
import type {} from './global-setup.js';

/**
 * Makes a database for the calling spec alone, on the server of this test run. The project needs
 * `testProjects(folder, { postgres: true })`.
 * @param template the address of a database to copy, to which nobody is connected. A copy is as cheap
 *   as an empty database, and migrations are not. Default: the new one is empty.
 * @returns its address, password included
 */
export function freshDatabase(template?: string): Promise<string> {
  const copied = template && decodeURIComponent(new URL(template).pathname.slice(1));
  return createDatabase(inject('postgresUrl'), `test_${randomUUID()}`, copied);
}
