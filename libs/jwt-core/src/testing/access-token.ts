import {
  constants,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomUUID,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm } from '../verifier/signature.js';

/** A key pair of an issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Default: RS256. */
  readonly algorithm?: SigningAlgorithm;
}

const RSA = ['rsa', { modulusLength: 2048 }] as const;
/** Typed as one of them, because each kind of key has an overload of its own. */
const KEY_PAIRS = {
  RS256: RSA,
  PS256: RSA,
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
} as unknown as Readonly<Record<SigningAlgorithm, typeof RSA>>;

/** A new key pair, made at once: one of RSA takes some 0.2 s. */
export function newKeyPair(algorithm: SigningAlgorithm = 'RS256'): KeyPairKeyObjectResult {
  return generateKeyPairSync(...KEY_PAIRS[algorithm]);
}

/** A new key, by default for RS256. An RSA key has 2048 bits. */
export async function generateSigningKey(
  algorithm: SigningAlgorithm = 'RS256',
): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)(...KEY_PAIRS[algorithm]);
  return { kid: randomUUID(), algorithm, ...pair };
}

/** The public key as a JWK (RFC 7517). */
export function publicJwk(key: SigningKey): Record<string, unknown> {
  const { kid, publicKey, algorithm: alg = 'RS256' } = key;
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg };
}

/** Any JSON. A member that is `undefined` is left out. */
export type Members = Readonly<Record<string, unknown>>;

export interface TokenOrigin {
  readonly issuer: string;
  readonly audience: string;
  readonly key: SigningKey;
  readonly nowSeconds: number;
}

export const LIFE_SECONDS = 900;
export const DEFAULT_CLIENT_ID = 'web';

/** The claims of a valid access token (RFC 9068), with the replacements in `claims`. */
export function accessTokenClaims(origin: TokenOrigin, claims: Members): Members {
  const { issuer, audience, nowSeconds } = origin;
  return {
    iss: issuer,
    sub: randomUUID(),
    aud: audience,
    client_id: DEFAULT_CLIENT_ID,
    iat: nowSeconds,
    exp: nowSeconds + LIFE_SECONDS,
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
    { alg: key.algorithm ?? 'RS256', typ: 'at+jwt', kid: key.kid, ...header },
    accessTokenClaims(origin, claims),
  );
}

/** JWS compact serialization (RFC 7515 section 7.1). */
function signToken(key: SigningKey, header: Members, claims: Members): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)));
  const content = parts.map((part) => part.toString('base64url')).join('.');
  const signature = signatureOf(Buffer.from(content), key.privateKey, key.algorithm);
  return `${content}.${signature.toString('base64url')}`;
}

/** The signature of a JWS (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1). */
export function signatureOf(
  content: Buffer,
  key: KeyObject,
  algorithm: SigningAlgorithm = 'RS256',
): Buffer {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  if (algorithm === 'EdDSA') return sign(null, content, key);
  if (algorithm === 'ES256') return sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm === 'PS256') return sign('sha256', content, { key, padding, saltLength });
  return sign('sha256', content, key);
}
