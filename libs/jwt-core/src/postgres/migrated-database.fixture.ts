import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { DataSource } from 'typeorm';
import type { Revocation } from '../revocation/revocation.js';
import { REVOKED_TOKENS_MIGRATIONS } from './revoked-tokens.migrations.js';
import { recordRevocations, RevokedToken } from './revoked-tokens.js';

/** A database of the calling spec's own, with the table in it. */
export interface MigratedDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  /** Records entries in a transaction of their own. */
  revoke(...revocations: readonly Revocation[]): Promise<Revocation[]>;
  /** Back to a database without the table. */
  undoMigrations(): Promise<void>;
  close(): Promise<void>;
}

/** @param url default: a fresh one on the server of the run */
export async function migratedDatabase(url?: string): Promise<MigratedDatabase> {
  const address = url ?? (await freshDatabase());
  const dataSource = await new DataSource({
    type: 'postgres',
    url: address,
    entities: [RevokedToken],
    migrations: [...REVOKED_TOKENS_MIGRATIONS],
  }).initialize();
  await dataSource.runMigrations();
  return {
    url: address,
    dataSource,
    revoke: (...revocations) => recordRevocations(dataSource.manager, revocations),
    undoMigrations: async () => {
      for (let remaining = dataSource.migrations.length; remaining > 0; remaining--) {
        await dataSource.undoLastMigration();
      }
    },
    close: () => dataSource.destroy(),
  };
}
