import { In, MoreThan, type DataSource, type EntityManager } from 'typeorm';

import type { EncryptionKeys } from './encryption-keys.js';
import { encryptPrivateKey } from './key-encryption.js';
import { newSigningKey } from './new-signing-key.js';
import { SigningKey } from './signing-key.entity.js';

/** Held while the signing keys change: by one process at a time. */
const KEYS_LOCK = 0x6b657973;

/** The rows of the keys that the key set holds: those of retired keys while tokens of theirs live. */
export function publishedKeys(manager: EntityManager, retiredAfter: Date): Promise<SigningKey[]> {
  return manager.find(SigningKey, {
    where: [
      { state: In(['next', 'active']) },
      { state: 'retired', retiredAt: MoreThan(retiredAfter) },
    ],
    order: { createdAt: 'ASC', kid: 'ASC' },
  });
}

/** One transaction, in which nobody else changes the signing keys. */
export function withKeysLocked<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return dataSource.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
    return work(manager);
  });
}

/**
 * Sees to it that one key is active and one is published as the next, also when many processes
 * start at once on an empty database, and that both are encrypted under today's encryption key.
 *
 * @throws KeysError `wrong_encryption_key`, before anything is written: keys made under a wrong
 *   `KEY_ENCRYPTION_KEY` would lock out every process that has the right one.
 */
export function ensureSigningKeys(
  dataSource: DataSource,
  encryptionKeys: EncryptionKeys,
  now: Date,
): Promise<void> {
  return withKeysLocked(dataSource, async (manager) => {
    const keys = await manager.findBy(SigningKey, { state: In(['next', 'active']) });
    const stored = keys.flatMap(({ kid, privateKey }) =>
      privateKey ? [{ kid, ...encryptionKeys.decrypt(privateKey, kid) }] : [],
    );
    for (const { kid, privateKey } of stored.filter(({ isOutdated }) => isOutdated)) {
      const anew = encryptPrivateKey(privateKey, kid, encryptionKeys.current);
      await manager.update(SigningKey, { kid }, { privateKey: anew });
    }
    for (const state of ['active', 'next'] as const) {
      if (keys.some((key) => key.state === state)) continue;
      await manager.insert(SigningKey, await newSigningKey(state, encryptionKeys.current, now));
    }
  });
}
