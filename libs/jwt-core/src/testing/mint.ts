import type { KeyPairKeyObjectResult } from 'node:crypto';
import type { SigningAlgorithm } from '../verifier/signature.js';
import {
  LIFE_SECONDS,
  type Members,
  mintToken,
  newKeyPair,
  type TokenOrigin,
} from './access-token.js';
import type { TokenVersions } from './token-versions.js';

/** Makes tokens of an issuer: good ones, and those that a service must refuse. */
export interface Mint {
  /**
   * A token, by default valid for 15 minutes. Each claim and header parameter can be replaced by any
   * value, or left out with `undefined`.
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
