import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migratedDatabase, type MigratedDatabase } from '../migrated-database.fixture.js';
import { clusterIdentity } from './connection.js';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.close());

async function identityOf({ url }: MigratedDatabase, role?: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    if (role !== undefined) await client.query(`SET ROLE "${role}"`);
    return await clusterIdentity(client);
  } finally {
    await client.end();
  }
}

it('is the same for every connection', async () => {
  const identity = await identityOf(database);
  expect(identity).toMatch(/^[\w-]{11}$/);
  expect(await identityOf(database)).toBe(identity);
});

it('is another one in another database', async () => {
  const another = await migratedDatabase();
  expect(await identityOf(another)).not.toBe(await identityOf(database));
  await another.close();
});

it('changes when the table is created again', async () => {
  const another = await migratedDatabase();
  const identity = await identityOf(another);
  await another.undoMigrations();
  await another.dataSource.runMigrations();
  expect(await identityOf(another)).not.toBe(identity);
  await another.close();
});

it('is readable by a role without privileges, and found by other means where that is forbidden', async () => {
  const role = `reader_${process.hrtime.bigint()}`;
  const { dataSource } = database;
  await dataSource.query(`CREATE ROLE "${role}"`);
  try {
    const exact = await identityOf(database);
    expect(await identityOf(database, role)).toBe(exact);
    await dataSource.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    const careful = await identityOf(database, role);
    expect(careful).not.toBe(exact);
    expect(await identityOf(database, role)).toBe(careful);
  } finally {
    await dataSource.query(`DROP ROLE "${role}"`);
  }
});

it('fails if there is no table', async () => {
  const another = await migratedDatabase();
  await another.undoMigrations();
  await expect(identityOf(another)).rejects.toThrow(/revoked_tokens/);
  await another.close();
});
