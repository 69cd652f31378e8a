import { writeFileSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../postgres/postgres-server.js';
import { withDatabase } from './with-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's own Postgres server. */
    postgresUrl: string;
  }
}

/**
 * Gives a whole test run one Postgres server, which goes with it. With the variable `STATEMENTS_LOG`,
 * each statement is logged, and the log is kept there: see `.ci/record-statements.mjs`.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  const statementsLog = process.env['STATEMENTS_LOG'];
  if (statementsLog) await logStatements(server.url());
  provide('postgresUrl', server.url());
  return async () => {
    if (statementsLog) writeFileSync(statementsLog, server.log);
    await server.stop();
  };
}

async function logStatements(url: string): Promise<void> {
  await withDatabase(url, async (client) => {
    await client.query(`ALTER SYSTEM SET log_statement = 'all'`);
    await client.query(`ALTER SYSTEM SET log_line_prefix = '@@%a@@ '`);
    await client.query('SELECT pg_reload_conf()');
  });
}
