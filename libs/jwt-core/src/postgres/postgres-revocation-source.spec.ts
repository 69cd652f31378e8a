import { revocationSourceContract } from '../revocation/revocation-source-contract.spec-support.js';
import { migratedDatabase } from './migrated-database.spec-support.js';
import { PostgresRevocationSource } from './postgres-revocation-source.js';

revocationSourceContract('PostgresRevocationSource', async () => {
  const [database, another] = await Promise.all([migratedDatabase(), migratedDatabase()]);
  const [source, foreign] = [database, another].map(
    ({ url }) => new PostgresRevocationSource({ connection: url }),
  );
  return {
    source: source!,
    revoke: (revocations) => database.revoke(...revocations),
    foreignCursor: async () => (await foreign!.read(undefined, { waitSeconds: 0 })).cursor,
    close: async () => {
      source!.close();
      foreign!.close();
      await Promise.all([database.close(), another.close()]);
    },
  };
});
