import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { read } from './repository-files.js';

let folder: string;
let postgres: PostgresServer;

/** The statements that make-databases.sh gives to psql. */
function statements(): string[] {
  const script = read('deploy/compose/make-databases.sh').replaceAll('/run/secrets', folder);
  for (const app of ['auth', 'orders']) {
    writeFileSync(join(folder, `${app}_database_password`), `${app}-secret\n`);
  }
  writeFileSync(join(folder, 'psql'), `#!/bin/sh\ncat >> '${folder}/sent.sql'\n`);
  chmodSync(join(folder, 'psql'), 0o755);
  const PATH = `${folder}:${process.env['PATH']}`;
  execFileSync('sh', ['-c', script], { env: { PATH, POSTGRES_USER: 'postgres' } });
  return readFileSync(join(folder, 'sent.sql'), 'utf8')
    .split(/(?<=;)\n/)
    .filter(Boolean);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

function as(role: string, database: string): string {
  const url = new URL(postgres.url(database));
  [url.username, url.password] = [role, `${role}-secret`];
  return url.href;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'));
  postgres = await startPostgres();
  // One by one: a database is not made in a transaction.
  for (const statement of statements()) await query(postgres.url(), statement);
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

describe.each([
  ['auth', 'orders'],
  ['orders', 'auth'],
])('the role that Compose makes for %s', (app, other) => {
  it('owns its database, and may migrate it', async () => {
    await query(as(app, app), 'CREATE TABLE made ()');
    const owners = `SELECT tableowner AS owner FROM pg_tables WHERE tablename = 'made'`;
    expect(await query(as(app, app), owners)).toEqual([{ owner: app }]);
  });

  it('may do nothing else on the server', async () => {
    const rights = 'rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls';
    const [role] = await query(
      as(app, app),
      `SELECT ${rights} FROM pg_roles WHERE rolname = current_user`,
    );
    expect(role).toEqual(Object.fromEntries(rights.split(', ').map((right) => [right, false])));
    await expect(query(as(app, other), 'SELECT')).rejects.toThrow('permission denied for database');
  });
});
