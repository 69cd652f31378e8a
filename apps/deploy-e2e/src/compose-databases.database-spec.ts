import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { APPS, read, snakeCase } from './repository-files.js';

/** What Compose names after each app. */
const names = APPS.map(snakeCase);

let folder: string;
let postgres: PostgresServer;

/** Runs make-databases.sh, as the image of Postgres does. In place of psql it has a file for what it sends. */
async function makeDatabases(): Promise<void> {
  const script = read('deploy/compose/make-databases.sh').replaceAll('/run/secrets', folder);
  const sent = join(folder, 'sent.sql');
  writeFileSync(sent, '');
  writeFileSync(join(folder, 'psql'), `#!/bin/sh\ncat >> '${sent}'\n`, { mode: 0o755 });
  const PATH = `${folder}:${process.env['PATH']}`;
  execFileSync('sh', ['-c', script], { env: { PATH } });
  // One by one: a database is not made in a transaction.
  for (const statement of readFileSync(sent, 'utf8').split(/(?<=;|\\gexec)\n/)) {
    const rows = await query(postgres.url(), statement.replace('\\gexec', ''));
    if (!statement.endsWith('\\gexec')) continue;
    for (const result of rows.flatMap((row) => Object.values(row) as string[]))
      await query(postgres.url(), result);
  }
}

const setPassword = (app: string, password: string) =>
  writeFileSync(join(folder, `${app}_database_password`), `${password}\n`);

async function query(url: string, sql: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

function as(role: string, database: string, password = `${role}-secret`): string {
  const url = new URL(postgres.url(database));
  [url.username, url.password] = [role, password];
  return url.href;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'));
  postgres = await startPostgres();
  for (const app of names) setPassword(app, `${app}-secret`);
  await makeDatabases();
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

describe.each(names.map((name, index) => [name, names.at(index - 1)!] as const))(
  'the role that Compose makes for %s',
  (app, other) => {
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
      await expect(query(as(app, other), 'SELECT')).rejects.toThrow(
        'permission denied for database',
      );
    });
  },
);

describe('make-databases.sh by hand', () => {
  it('adds what a first start that was cut short left out, and keeps the rest', async () => {
    await query(as('auth', 'auth'), 'CREATE TABLE kept ()');
    await query(postgres.url(), 'DROP DATABASE orders');
    await query(postgres.url(), 'DROP ROLE orders');
    await makeDatabases();
    await query(as('orders', 'orders'), 'CREATE TABLE made ()');
    expect(await query(as('auth', 'auth'), 'SELECT FROM kept')).toEqual([]);
    await expect(query(as('orders', 'auth'), 'SELECT')).rejects.toThrow('permission denied');
  });

  it('sets the passwords that the secrets have now', async () => {
    setPassword('auth', 'another');
    await makeDatabases();
    expect(await query(as('auth', 'auth', 'another'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
