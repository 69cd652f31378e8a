/**
 * Why the signing keys cannot be used.
 *
 * - `wrong_encryption_key`: a private key was stored under another `KEY_ENCRYPTION_KEY`.
 * - `no_active_key`: the database holds none that may sign.
 */
export type KeysErrorCode = 'wrong_encryption_key' | 'no_active_key';

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
