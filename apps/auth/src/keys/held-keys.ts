import { createPublicKey, type KeyObject } from 'node:crypto';

import { jwksFingerprint, type VerificationKey } from '@jwt-auth/jwt-core';

import type { EncryptionKeys } from './key-encryption.js';
import { KeysError } from './keys.errors.js';
import { SETTLING_MS, type RsaPublicJwk, type SigningKey } from './signing-key.entity.js';

/** What signs: the active key. */
export interface ActiveKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** On the monotonic clock: not before everybody knows the key. */
  readonly signsFromMs: number;
}

/** All that follows from one reading of the table, replaced as a whole. */
export interface HeldKeys {
  /** See `versionOf`. */
  readonly version: string;
  /** Or why nothing can be signed here. */
  readonly active: ActiveKey | KeysError;
  readonly published: ReadonlyMap<string, VerificationKey>;
  readonly jwks: string;
  readonly fingerprint: string;
}

/** Of which rows, in which states. */
export function versionOf(rows: readonly SigningKey[]): string {
  return rows.map(({ kid, state }) => `${kid} ${state}`).join();
}

/**
 * @param before what the same process held until now. At its start: the time, by the clock of the
 *   database
 * @throws KeysError `no_active_key`
 */
export function holdKeys(
  keys: readonly SigningKey[],
  encryptionKeys: EncryptionKeys,
  before: HeldKeys | Date,
): HeldKeys {
  const held = before instanceof Date ? undefined : before;
  const published = new Map(
    // The same object for the same material: a remembered signature stays good with its key. A kid
    // is the thumbprint of its key, so equal kids are equal keys.
    keys.map(({ kid, publicKey }) => [
      kid,
      held?.published.get(kid) ?? { kid, publicKey: importPublic(publicKey) },
    ]),
  );
  return {
    version: versionOf(keys),
    active: activeOf(keys, encryptionKeys, before),
    published,
    jwks: JSON.stringify({ keys: keys.map(publicJwk) }),
    fingerprint: jwksFingerprint(published.values()),
  };
}

function activeOf(
  keys: readonly SigningKey[],
  encryptionKeys: EncryptionKeys,
  before: HeldKeys | Date,
): HeldKeys['active'] {
  const active = keys.find((key) => key.state === 'active');
  if (!active?.privateKey) {
    throw new KeysError('no_active_key', 'The database holds no active signing key');
  }
  const { kid, privateKey } = active;
  const known = before instanceof Date ? undefined : before.active;
  if (known && !(known instanceof KeysError) && known.kid === kid) return known;
  // A process that starts may find a key that the others have signed with for days.
  const unsettledMs = unsettledAt(before instanceof Date ? before : active.activatedAt, active);
  const signsFromMs = performance.now() + unsettledMs;
  try {
    const decrypted = encryptionKeys.decryptPrivateKey(privateKey, kid);
    return { kid, privateKey: decrypted.privateKey, signsFromMs };
  } catch (error) {
    // The public half needs no decryption: a withdrawn key must go, whatever cannot be read.
    if (error instanceof KeysError) return error;
    throw error;
  }
}

/** For how long, at this time, not everybody knows a key yet. In milliseconds. */
function unsettledAt(time: Date | null, { createdAt, activatedAt }: SigningKey): number {
  // The first key of all was never the next one.
  if (!time || +(activatedAt ?? createdAt) === +createdAt) return 0;
  // From both sides: a clock may have been set back, or be that of a process.
  return Math.min(Math.max(SETTLING_MS - (+time - +createdAt), 0), SETTLING_MS);
}

function importPublic({ kty, n, e }: RsaPublicJwk): KeyObject {
  return createPublicKey({ key: { kty, n, e }, format: 'jwk' });
}

/** Member by member, so that nothing else of a row can ever be published. */
function publicJwk({ kid, publicKey: { kty, n, e } }: SigningKey): object {
  return { kty, use: 'sig', alg: 'RS256', kid, n, e };
}
