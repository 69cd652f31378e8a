import { constants, createVerify, type KeyObject, verify } from 'node:crypto';
import type { TokenProfile } from './claims.js';

/**
 * The algorithms of access tokens: RSA with PKCS #1 v1.5 or PSS padding, ECDSA on P-256 (RFC 7518
 * sections 3.3 to 3.5), each with SHA-256, and EdDSA with an Ed25519 key (RFC 8037 section 3.1).
 */
export const SIGNING_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

const DEFAULT_ALGORITHMS: readonly SigningAlgorithm[] = ['RS256'];

/**
 * Those of an issuer without the option `algorithms`: RS256 alone. With `oidc` the key decides
 * among all.
 */
export function defaultAlgorithms(profile?: TokenProfile): readonly SigningAlgorithm[] {
  return profile === 'oidc' ? SIGNING_ALGORITHMS : DEFAULT_ALGORITHMS;
}

/** The algorithm of an `alg` in a token, a JWK or an option, if it is one of these. */
export function algorithmNamed(
  alg: unknown,
  algorithms: readonly SigningAlgorithm[] = SIGNING_ALGORITHMS,
): SigningAlgorithm | undefined {
  // RFC 9864 renames EdDSA with an Ed25519 key, which is the only one that is used here.
  const name = alg === 'Ed25519' ? 'EdDSA' : alg;
  return algorithms.find((algorithm) => algorithm === name);
}

/** The algorithm of a key without `alg`, by its type. `undefined`: none that is supported here. */
export function algorithmOf(publicKey: KeyObject): SigningAlgorithm | undefined {
  switch (publicKey.asymmetricKeyType) {
    case 'rsa':
      return 'RS256';
    case 'rsa-pss':
      return 'PS256';
    case 'ed25519':
      return 'EdDSA';
    case 'ec':
      return publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
    default:
      return undefined;
  }
}

/** R and S, each of 32 bytes (RFC 7518 section 3.4). */
const ES256_SIGNATURE_BYTES = 64;
const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;

/** Whether the signature is by this key, which must be one for the algorithm. */
export function isSignedBy(
  publicKey: KeyObject,
  algorithm: SigningAlgorithm,
  { signingInput, signature }: { readonly signingInput: Buffer; readonly signature: Buffer },
): boolean {
  switch (algorithm) {
    case 'RS256':
      // Signature forgery by lax padding (threat:signature-forgery, Bleichenbacher 2006): OpenSSL
      // compares the whole encoded message. Not `verify`, whose job object takes a microsecond
      // more.
      return createVerify('sha256').update(signingInput).verify(publicKey, signature);
    case 'PS256':
      // A salt of exactly the length of the hash (RFC 7518 section 3.5).
      return createVerify('sha256')
        .update(signingInput)
        .verify({ key: publicKey, padding, saltLength }, signature);
    case 'ES256':
      // node throws for other lengths. Zero for R or S (CVE-2022-21449) is refused by OpenSSL.
      if (signature.length !== ES256_SIGNATURE_BYTES) return false;
      return createVerify('sha256')
        .update(signingInput)
        .verify({ key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
      return verify(null, signingInput, publicKey, signature);
  }
}
