import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

import type { EntityManager } from 'typeorm';

import type { EncryptionKeys } from './key-encryption.js';
import type { KeysRepository, NewSigningKey } from './keys.repository.js';
import type { CurrentState, RsaPublicJwk } from './signing-key.entity.js';

const MODULUS_BITS = 2048;

const generate = promisify(generateKeyPair);

/** The thumbprint of an RSA key (RFC 7638): the same key has the same name everywhere. */
function thumbprint({ e, kty, n }: RsaPublicJwk): string {
  // Exactly these members, in this order (section 3.2).
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
}

/** A fresh RSA key pair, its private half encrypted. */
export async function newSigningKey(
  state: CurrentState,
  encryptionKeys: EncryptionKeys,
): Promise<NewSigningKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS });
  const { n, e } = publicKey.export({ format: 'jwk' }) as RsaPublicJwk;
  const jwk: RsaPublicJwk = { kty: 'RSA', n, e };
  const kid = thumbprint(jwk);
  const encrypted = encryptionKeys.encryptPrivateKey(privateKey, kid);
  return { kid, state, publicKey: jwk, privateKey: encrypted };
}

/**
 * Sees to it that one key is active and one is published as the next, also when many processes
 * start at once on an empty database, and that both are encrypted under today's encryption key.
 *
 * @returns when it was so, by the clock of the database
 * @throws KeysError `wrong_encryption_key`, before anything is written: keys made under a wrong
 *   `KEY_ENCRYPTION_KEY` would lock out every process that has the right one.
 */
export function ensureSigningKeys(
  keys: KeysRepository,
  encryptionKeys: EncryptionKeys,
  now: (manager: EntityManager) => Promise<Date>,
): Promise<Date> {
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
      await keys.insert(manager, await newSigningKey(state, encryptionKeys), await now(manager));
    }
    return now(manager);
  });
}
