import type { TestProject } from 'vitest/node';
import { startPostgres } from '../postgres/postgres-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's own Postgres server. */
    postgresUrl: string;
  }
}

/** Gives a whole test run one Postgres server, which goes with it. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  provide('postgresUrl', server.url());
  return () => server.stop();
}
