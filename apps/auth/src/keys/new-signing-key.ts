import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

import type { EncryptionKeys } from './key-encryption.js';
import type { CurrentState, RsaPublicJwk, SigningKey } from './signing-key.entity.js';

const MODULUS_BITS = 2048;

const generate = promisify(generateKeyPair);

/** The thumbprint of an RSA key (RFC 7638): the same key has the same name everywhere. */
function thumbprint({ e, kty, n }: RsaPublicJwk): string {
  // Exactly these members, in this order (section 3.2).
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
}

/** A fresh RSA key pair as a row, its private half encrypted. */
export async function newSigningKey(
  state: CurrentState,
  encryptionKeys: EncryptionKeys,
  now: Date,
): Promise<SigningKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS });
  const { n, e } = publicKey.export({ format: 'jwk' }) as RsaPublicJwk;
  const jwk: RsaPublicJwk = { kty: 'RSA', n, e };
  const kid = thumbprint(jwk);
  return {
    kid,
    state,
    publicKey: jwk,
    privateKey: encryptionKeys.encryptPrivateKey(privateKey, kid),
    createdAt: now,
    activatedAt: state === 'active' ? now : null,
    retiredAt: null,
  };
}
