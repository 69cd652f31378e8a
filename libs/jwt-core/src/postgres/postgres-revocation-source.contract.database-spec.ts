import { afterAll, beforeAll } from 'vitest';
import { revocationSourceContract } from '../revocation/revocation-source-contract.fixture.js';
import { migratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';
import { PostgresRevocationSource } from './postgres-revocation-source.js';

let database: MigratedDatabase;
let another: MigratedDatabase;
beforeAll(async () => {
  [database, another] = await Promise.all([migratedDatabase(), migratedDatabase()]);
});
afterAll(() => Promise.all([database.close(), another.close()]));

revocationSourceContract('PostgresRevocationSource', async () => {
  await database.dataSource.query('DELETE FROM revoked_tokens');
  const source = new PostgresRevocationSource({ connection: database.url });
  const foreign = new PostgresRevocationSource({ connection: another.url });
  return {
    source,
    revoke: async (revocations) => void (await database.revoke(...revocations)),
    foreignCursor: async () => (await foreign.read(undefined, { waitSeconds: 0 })).cursor,
    close: async () => {
      source.close();
      foreign.close();
    },
  };
});
