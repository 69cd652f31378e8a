import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { withClient } from './with-client.js';

let primary: PostgresServer;
const others: PostgresServer[] = [];

beforeAll(async () => {
  primary = await startPostgres();
  await query(primary, 'CREATE TABLE notes (text text)');
});
afterAll(() => Promise.all([primary, ...others].map((server) => server?.stop())));

async function query(server: PostgresServer, sql: string): Promise<unknown[]> {
  return withClient(server.url(), async (client) =>
    (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat(),
  );
}

it('a standby gets what is committed later, and takes over', async () => {
  const standby = await (await primary.backup()).startStandby();
  others.push(standby);
  await query(primary, `INSERT INTO notes VALUES ('later')`);
  await expect
    .poll(() => query(standby, 'SELECT text FROM notes'), { timeout: 30_000 })
    .toEqual(['later']);
  await expect(query(standby, `INSERT INTO notes VALUES ('refused')`)).rejects.toThrow('read-only');
  await query(standby, 'SELECT pg_promote()');
  await query(standby, `INSERT INTO notes VALUES ('here')`);
  expect(await query(primary, 'SELECT text FROM notes')).toEqual(['later']);
});

it('a backup has what was committed before it, and nothing later', async () => {
  await query(primary, `DELETE FROM notes`);
  await query(primary, `INSERT INTO notes VALUES ('before')`);
  const backup = await primary.backup();
  await query(primary, `INSERT INTO notes VALUES ('after')`);
  const restored = await backup.start();
  others.push(restored);
  expect(await query(restored, 'SELECT text FROM notes')).toEqual(['before']);
  await query(restored, `INSERT INTO notes VALUES ('goes on')`);
});
