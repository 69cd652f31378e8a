import { generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

/** What an issuer signs with. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * A new RSA key of 2048 bits. Takes some tenths of a second: a suite that starts many issuers can
 * hand the same key to all of them.
 */
export async function generateSigningKey(): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { kid: randomUUID(), ...pair };
}

/** The public half, as a JWK set holds it (RFC 7517). */
export function publicJwk({ kid, publicKey }: SigningKey): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}
