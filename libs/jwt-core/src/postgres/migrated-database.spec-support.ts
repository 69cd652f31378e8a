import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { DataSource } from 'typeorm';
import type { Revocation } from '../revocation/revocation.js';
import { CreateRevokedTokens1763856000000 } from './create-revoked-tokens.migration.js';
import { recordRevocations } from './record-revocations.js';
import { RevokedToken } from './revoked-token.entity.js';

/** A database of the calling spec's own, with the table in it. */
export interface MigratedDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  /** Records entries in a transaction of their own. */
  revoke(...revocations: readonly Revocation[]): Promise<void>;
  close(): Promise<void>;
}

/** @param url default: a fresh one on the server of the run */
export async function migratedDatabase(url?: string): Promise<MigratedDatabase> {
  const address = url ?? (await freshDatabase());
  const dataSource = await new DataSource({
    type: 'postgres',
    url: address,
    entities: [RevokedToken],
    migrations: [CreateRevokedTokens1763856000000],
  }).initialize();
  await dataSource.runMigrations();
  return {
    url: address,
    dataSource,
    revoke: (...revocations) => recordRevocations(dataSource.manager, revocations),
    close: () => dataSource.destroy(),
  };
}
