import type { KeyObject } from 'node:crypto';

/** A public RSA signing key of the issuer (RFC 7517), parsed once and checked. */
export interface VerificationKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/**
 * The keys that the issuer signs with.
 *
 * A key keeps its identity (`===`) for as long as the issuer publishes the same material under the
 * same `kid`, so a remembered signature stays good exactly as long as its key does.
 */
export interface KeySet {
  /** The key at hand, without any I/O. `undefined` when it is unknown here or too old to trust. */
  get(kid: string): VerificationKey | undefined;

  /**
   * The key, asking the issuer if that may help. `undefined`: the issuer has no such key.
   *
   * @throws TokenError `keys_unavailable` when the issuer cannot be asked and no key set is at hand.
   */
  find(kid: string): Promise<VerificationKey | undefined>;
}

/** Under which an application's key set is injected. */
export const KeySet = Symbol('KeySet');
