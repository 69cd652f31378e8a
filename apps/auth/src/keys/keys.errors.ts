import type { Problem } from '@jwt-auth/jwt-core';

/**
 * Why the signing keys cannot be used or changed.
 *
 * - `wrong_encryption_key`: a private key was stored under another `KEY_ENCRYPTION_KEY`.
 * - `cannot_make_keys`: this process cannot decrypt the active key. The others could not decrypt one that it
 *   made.
 * - `no_active_key`: the database holds no key that may sign.
 * - `key_not_found`: there never was a key with this id.
 * - `too_many_keys`: too many retired keys are still published. With one more, the JWKS could be too
 *   large for its readers.
 */
export type KeysErrorCode =
  | 'wrong_encryption_key'
  | 'cannot_make_keys'
  | 'no_active_key'
  | 'key_not_found'
  | 'too_many_keys';

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

/** The others are faults of the installation: a 500. */
const PROBLEMS: Readonly<Partial<Record<KeysErrorCode, Problem>>> = {
  key_not_found: { status: 404, code: 'not_found' },
  cannot_make_keys: {
    status: 409,
    code: 'conflict',
    detail:
      'This process has another KEY_ENCRYPTION_KEY than the signing keys. Restart it with that one',
  },
  too_many_keys: {
    status: 409,
    code: 'conflict',
    detail: 'Too many retired keys are still published. Wait until their tokens have expired',
  },
};

/** The HTTP answer to an error of this domain. */
export function keysProblem(error: unknown): Problem | undefined {
  return error instanceof KeysError ? PROBLEMS[error.code] : undefined;
}
