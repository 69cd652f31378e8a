import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../postgres/postgres-server.js';
import { withClient } from '../postgres/with-client.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's own Postgres server. */
    postgresUrl: string;
  }
}

/** Gives a whole test run one Postgres server, which goes with it, unless it has unit specs alone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { testFiles } = await project.globTestFiles();
  if (testFiles.every((file) => file.endsWith('.spec.ts'))) return async () => {};
  const server = await startPostgres();
  await makeLoginsCheap(server.url());
  project.provide('postgresUrl', server.url());
  return () => server.stop();
}

/** Half of what a connection costs both sides is the hash of its password, and a test run makes a thousand. */
async function makeLoginsCheap(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int AS version`,
    );
    if (rows[0]!.version < 160_000) return;
    const { username, password } = new URL(url);
    const [role, secret] = [username, password].map(decodeURIComponent) as [string, string];
    await client.query('SET scram_iterations = 1');
    await client.query(
      `ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD ${pg.escapeLiteral(secret)}`,
    );
  });
}
