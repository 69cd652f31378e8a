/**
 * Why the signing keys cannot be used.
 *
 * - `wrong_encryption_key`: a private key was stored under another `KEY_ENCRYPTION_KEY`.
 * - `no_active_key`: the database holds none that may sign.
 * - `key_not_found`: there never was a key of that name.
 */
export type KeysErrorCode = 'wrong_encryption_key' | 'no_active_key' | 'key_not_found';

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
