import type { EncryptionKeys } from './key-encryption.js';
import type { KeysRepository } from './keys.repository.js';
import { newSigningKey } from './new-signing-key.js';

/**
 * Sees to it that one key is active and one is published as the next, also when many processes
 * start at once on an empty database, and that both are encrypted under today's encryption key.
 *
 * @throws KeysError `wrong_encryption_key`, before anything is written: keys made under a wrong
 *   `KEY_ENCRYPTION_KEY` would lock out every process that has the right one.
 */
export function ensureSigningKeys(
  keys: KeysRepository,
  encryptionKeys: EncryptionKeys,
  now: Date,
): Promise<void> {
  return keys.change(async (manager) => {
    const current = await keys.current(manager);
    const stored = Object.values(current).flatMap(({ kid, privateKey }) =>
      privateKey ? [{ kid, ...encryptionKeys.decryptPrivateKey(privateKey, kid) }] : [],
    );
    for (const { kid, privateKey } of stored.filter(({ isOutdated }) => isOutdated)) {
      const anew = encryptionKeys.encryptPrivateKey(privateKey, kid);
      await keys.update(manager, kid, { privateKey: anew });
    }
    for (const state of ['active', 'next'] as const) {
      if (current[state]) continue;
      await keys.insert(manager, await newSigningKey(state, encryptionKeys, now));
    }
  });
}
