import type { DataSource, EntityManager } from 'typeorm';
import { In } from 'typeorm';

import { decryptPrivateKey } from './key-encryption.js';
import { newSigningKey } from './new-signing-key.js';
import { SigningKey } from './signing-key.entity.js';

/** Held by whoever changes the signing keys: one process at a time. */
const KEYS_LOCK = 0x6b657973;

const published = In(['next', 'active', 'retired']);

/** The rows of the keys that the key set holds. */
export function publishedKeys(manager: EntityManager): Promise<SigningKey[]> {
  return manager.find(SigningKey, { where: { state: published }, order: { createdAt: 'ASC' } });
}

/**
 * Sees to it that one key is active and one is published as the next, also when many processes
 * start at once on an empty database.
 *
 * @throws KeysError `wrong_encryption_key`, before anything is written: keys made under a wrong
 *   `KEY_ENCRYPTION_KEY` would lock out every process that has the right one.
 */
export function ensureSigningKeys(
  dataSource: DataSource,
  encryptionKey: Buffer,
  now: Date,
): Promise<void> {
  return dataSource.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
    const keys = await publishedKeys(manager);
    for (const key of keys) decryptPrivateKey(key.privateKey, key.kid, encryptionKey);
    for (const state of ['active', 'next'] as const) {
      if (keys.some((key) => key.state === state)) continue;
      await manager.insert(SigningKey, await newSigningKey(state, encryptionKey, now));
    }
  });
}
