import { generateKeyPair, type KeyObject, randomUUID, sign } from 'node:crypto';
import { promisify } from 'node:util';

/** A key pair of an issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * A new RSA key of 2048 bits. Takes some tenths of a second: a suite with many issuers can give the
 * same key to all of them.
 */
export async function generateSigningKey(): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { kid: randomUUID(), ...pair };
}

/** The public key as a JWK (RFC 7517). */
export function publicJwk({ kid, publicKey }: SigningKey): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

/** Any JSON. A member that is `undefined` is left out. */
export type Members = Readonly<Record<string, unknown>>;

export interface TokenOrigin {
  readonly issuer: string;
  readonly audience: string;
  readonly key: SigningKey;
  readonly nowSeconds: number;
}

export const lifeSeconds = 900;
export const defaultClientId = 'web';

/** The claims of a valid access token (RFC 9068), with the replacements in `claims`. */
export function accessTokenClaims(origin: TokenOrigin, claims: Members): Members {
  const { issuer, audience, nowSeconds } = origin;
  return {
    iss: issuer,
    sub: randomUUID(),
    aud: audience,
    client_id: defaultClientId,
    iat: nowSeconds,
    exp: nowSeconds + lifeSeconds,
    jti: randomUUID(),
    sid: randomUUID(),
    scope: '',
    roles: [],
    ...claims,
  };
}

/** A signed access token, with the replacements in `claims` and `header`. */
export function mintToken(origin: TokenOrigin, claims: Members, header: Members): string {
  const { key } = origin;
  return signToken(
    key,
    { alg: 'RS256', typ: 'at+jwt', kid: key.kid, ...header },
    accessTokenClaims(origin, claims),
  );
}

/** JWS compact serialization with RS256 (RFC 7515 section 7.1). */
function signToken(key: SigningKey, header: Members, claims: Members): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)));
  const content = parts.map((part) => part.toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(content), key.privateKey);
  return `${content}.${signature.toString('base64url')}`;
}
