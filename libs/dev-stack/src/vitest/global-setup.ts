import { appendFileSync } from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../postgres/postgres-server.js';
import { withDatabase } from '../postgres/with-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's own Postgres server. */
    postgresUrl: string;
  }
}

/**
 * Gives a whole test run one Postgres server, which goes with it, unless it has unit specs alone. With
 * the variable `STATEMENTS_LOG`, each statement is logged, and the log is added to that file: see
 * `.ci/record-statements.mjs`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { testFiles } = await project.globTestFiles();
  if (testFiles.every((file) => file.endsWith('.spec.ts'))) return async () => {};
  const server = await startPostgres();
  await makeLoginsCheap(server.url());
  const statementsLog = process.env['STATEMENTS_LOG'];
  if (statementsLog) await logStatements(server.url());
  project.provide('postgresUrl', server.url());
  return async () => {
    if (statementsLog) appendFileSync(statementsLog, server.log);
    await server.stop();
  };
}

/** Half of what a connection costs both sides is the hash of its password, and a test run makes a thousand. */
async function makeLoginsCheap(url: string): Promise<void> {
  await withDatabase(url, async (client) => {
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

async function logStatements(url: string): Promise<void> {
  await withDatabase(url, async (client) => {
    await client.query(`ALTER SYSTEM SET log_statement = 'all'`);
    await client.query(`ALTER SYSTEM SET log_line_prefix = '@@%a@@ '`);
    await client.query('SELECT pg_reload_conf()');
  });
}
