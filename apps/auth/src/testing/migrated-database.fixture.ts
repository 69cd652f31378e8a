import { randomBytes } from 'node:crypto';

import { openDatabase } from '@jwt-auth/chassis';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { ConsoleLogger } from '@nestjs/common';

import { authDatabase } from '../database/auth-database.js';
import { EncryptionKeys } from '../keys/key-encryption.js';
import { KeysRepository } from '../keys/keys.repository.js';
import { ensureSigningKeys } from '../keys/new-signing-key.js';

export const ENCRYPTION_KEY = randomBytes(32);

/** One for all specs of a worker: they share its modules. */
let template: Promise<string> | undefined;

/**
 * Makes a database for the calling spec alone, as a first start leaves it: migrated, with signing keys,
 * which are an hour old. It is a copy, because migrations take much longer.
 * @returns its address, password included
 */
export async function migratedDatabase(): Promise<string> {
  return freshDatabase(await templateDatabase());
}

/** Makes what `migratedDatabase` copies, unless it is there. */
export function templateDatabase(): Promise<string> {
  template ??= makeTemplate();
  return template;
}

async function makeTemplate(): Promise<string> {
  const url = await freshDatabase();
  const logger = new ConsoleLogger({ logLevels: ['error'] });
  const dataSource = await openDatabase(authDatabase(url), { logger });
  const anHourAgo = new Date(Date.now() - 3_600_000);
  const keys = new KeysRepository(dataSource);
  await ensureSigningKeys(keys, new EncryptionKeys(ENCRYPTION_KEY), async () => anHourAgo);
  await dataSource.destroy();
  return url;
}
