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
const DEFAULT_CLIENT_ID = 'web';

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

/** Makes tokens of an issuer: good ones, and those that a service must refuse. */
export interface Mint {
  /**
   * A token, by default valid for 15 minutes. Each claim and header parameter can be replaced by
   * any value, or left out with `undefined`.
   */
  (claims?: Members, header?: Members): string;
  /** One that has expired a quarter of an hour ago. */
  expired(claims?: Members): string;
  /** One that is valid in a quarter of an hour. */
  notYetValid(claims?: Members): string;
  /** One for another service. */
  otherAudience(claims?: Members): string;
  /** One of another issuer, signed with the key of this one. */
  otherIssuer(claims?: Members): string;
  /** One that names the key of the issuer and is signed with another. */
  otherKey(claims?: Members): string;
  /** One whose subject was changed after it had been signed. */
  tampered(claims?: Members): string;
  withoutClaim(name: string, claims?: Members): string;
}

/** @param origin the issuer as it is now */
export function createMint(origin: () => TokenOrigin, versions: TokenVersions): Mint {
  const from = (changes: Partial<TokenOrigin>, claims: Members, header: Members = {}): string =>
    mintToken({ ...origin(), ...changes }, versions.complete(claims), header);
  const shifted = (bySeconds: number) => origin().nowSeconds + bySeconds;
  const mint = (claims: Members = {}, header?: Members) => from({}, claims, header);
  return Object.assign(mint, {
    expired: (claims: Members = {}) => from({ nowSeconds: shifted(-2 * LIFE_SECONDS) }, claims),
    notYetValid: (claims: Members = {}) =>
      from({}, { nbf: shifted(LIFE_SECONDS), exp: shifted(2 * LIFE_SECONDS), ...claims }),
    otherAudience: (claims: Members = {}) => from({ audience: `not ${origin().audience}` }, claims),
    otherIssuer: (claims: Members = {}) => from({ issuer: `${origin().issuer}/other` }, claims),
    otherKey: (claims: Members = {}) => {
      const { key } = origin();
      return from({ key: { ...key, ...otherPair(key.algorithm) } }, claims);
    },
    tampered: (claims: Members = {}) => {
      const [header, , signature] = mint(claims).split('.');
      const [, payload] = mint({ ...claims, sub: 'somebody else' }).split('.');
      return [header, payload, signature].join('.');
    },
    withoutClaim: (name: string, claims: Members = {}) => mint({ ...claims, [name]: undefined }),
  });
}

const others = new Map<SigningAlgorithm, KeyPairKeyObjectResult>();

/** Keys that no issuer has published, one pair for each algorithm. */
function otherPair(algorithm: SigningAlgorithm = 'RS256'): KeyPairKeyObjectResult {
  const pair = others.get(algorithm) ?? newKeyPair(algorithm);
  others.set(algorithm, pair);
  return pair;
}

/** How often each client was revoked, which the claim `token_version` of its later tokens says. */
export class TokenVersions {
  private readonly versions = new Map<unknown, number>();

  /** Counts a revocation. */
  next(clientId: string): number {
    const version = (this.versions.get(clientId) ?? 0) + 1;
    this.versions.set(clientId, version);
    return version;
  }

  /** The claims of a token, with its version if its client was revoked before. */
  complete(claims: Members): Members {
    const { client_id: clientId = DEFAULT_CLIENT_ID } = claims;
    const version = this.versions.get(clientId);
    return version === undefined ? claims : { token_version: version, ...claims };
  }
}
