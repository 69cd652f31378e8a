/**
 * Why the signing keys cannot be used.
 *
 * - `wrong_encryption_key`: a private key was stored under another `KEY_ENCRYPTION_KEY`.
 * - `no_active_key`: the database holds none that may sign.
 * - `key_not_found`: there never was a key of that name.
 * - `too_many_keys`: so many retired keys are still published that one more might be too much for
 *   those who read the JWKS.
 */
export type KeysErrorCode =
  'wrong_encryption_key' | 'no_active_key' | 'key_not_found' | 'too_many_keys';

export class KeysError extends Error {
  override readonly name = 'KeysError';

  constructor(
    readonly code: KeysErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
