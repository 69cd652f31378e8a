import { withClient } from '@jwt-auth/dev-stack';
import type pg from 'pg';
import { type Auths, type Databases, startAuthsOn } from '../apps/apps.js';
import type { Progress } from '../harness/benchmark.js';

/** An auth process whose database had so many live revocations when it started. */
export interface FilledAuth {
  readonly entries: number;
  readonly auths: Auths;
}

export interface FilledAuths extends AsyncDisposable {
  readonly all: readonly FilledAuth[];
}

/** One auth for each number of entries, all on one server. */
export async function startFilledAuths(
  databases: Databases,
  sizes: readonly number[],
  progress: Progress,
): Promise<FilledAuths> {
  const all: FilledAuth[] = [];
  const stop = async () => {
    await Promise.all(all.map(({ auths }) => auths[Symbol.asyncDispose]()));
  };
  const template = await databases.create('migrated');
  await migrate(template);
  try {
    for (const entries of sizes) {
      progress(`filling a database with ${entries} entries`);
      const databaseUrl = await copyOf(template, `entries_${entries}`);
      await withClient(databaseUrl, async (client) => {
        await addEntries(client, entries);
        await client.query('ANALYZE revoked_tokens');
      });
      all.push({ entries, auths: await startAuthsOn(databaseUrl) });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { all, [Symbol.asyncDispose]: stop };
}

/** Half of them expire in an hour, the others in a day. */
export async function addEntries(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `INSERT INTO revoked_tokens (kind, id, exp)
     SELECT 'jti', id, extract(epoch FROM now())::bigint + CASE n % 2 WHEN 0 THEN 3600 ELSE 86400 END
     FROM (SELECT gen_random_uuid()::text COLLATE "C" AS id, n FROM generate_series(1, $1::int) AS n)
     -- So that the indexes of a million entries grow at one end.
     ORDER BY id`,
    [count],
  );
}

/** An auth process migrates when it starts. */
async function migrate(databaseUrl: string): Promise<void> {
  const auths = await startAuthsOn(databaseUrl);
  await auths[Symbol.asyncDispose]();
}

async function copyOf(template: string, name: string): Promise<string> {
  const server = new URL(template);
  const source = server.pathname.slice(1);
  server.pathname = '/postgres';
  await withClient(server.href, (client) =>
    client.query(
      `CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE ${client.escapeIdentifier(source)}`,
    ),
  );
  server.pathname = `/${name}`;
  return server.href;
}
