import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './signature.js';

/** A public signing key of the issuer (RFC 7517), parsed once and checked. */
export interface VerificationKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  /**
   * The one algorithm that it is used with. Default, by the type of the key: RS256, PS256 for an
   * RSA-PSS key, ES256 for P-256, EdDSA for Ed25519 (`alg` Ed25519 is the same, RFC 9864).
   */
  readonly algorithm?: SigningAlgorithm | undefined;
}

/**
 * The public keys of the issuer.
 *
 * A key stays the same object (`===`) while the issuer publishes the same material under the same
 * `kid`: a remembered token is valid exactly as long as its key.
 */
export interface KeySet {
  /**
   * The key, without any I/O. `undefined` if it is unknown here or too old to trust.
   *
   * @param algorithm Of several keys with one `kid`, which differ in their algorithm (RFC 7517
   *   section 4.5), the one for this. A set without such keys need not look at it.
   */
  get(kid: string, algorithm?: SigningAlgorithm): VerificationKey | undefined;

  /**
   * The key, fetched from the issuer if that may help. `undefined`: the issuer has no such key.
   *
   * @throws TokenError `keys_unavailable` if it is not known whether the issuer has such a key:
   *   there is no key set, or perhaps a newer one, and it cannot be fetched
   */
  find(kid: string, algorithm?: SigningAlgorithm): Promise<VerificationKey | undefined>;
}

/** The injection token of an application's key set: of several issuers, that of the first. */
export const KeySet = Symbol('KeySet');
