import type { KeyObject } from 'node:crypto';

/** A public RSA signing key of the issuer (RFC 7517), parsed once and checked. */
export interface VerificationKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/**
 * The public keys of the issuer.
 *
 * A key stays the same object (`===`) while the issuer publishes the same material under the same
 * `kid`: a remembered token is valid exactly as long as its key.
 */
export interface KeySet {
  /** The key, without any I/O. `undefined` if it is unknown here or too old to trust. */
  get(kid: string): VerificationKey | undefined;

  /**
   * The key, fetched from the issuer if that may help. `undefined`: the issuer has no such key.
   *
   * @throws TokenError `keys_unavailable` if there is no key set and it cannot be fetched
   */
  find(kid: string): Promise<VerificationKey | undefined>;
}

/** The injection token of an application's key set. */
export const KeySet = Symbol('KeySet');
