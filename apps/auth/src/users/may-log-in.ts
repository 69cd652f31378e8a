import type { Config } from '../config.js';
import type { User } from './user.entity.js';

type LoginConfig = Pick<Config, 'emailVerification'>;

/**
 * Whether a user who proves who they are may log in. No answer says why not: someone who registers an
 * address would learn whether it had an account before.
 */
export function mayLogIn(
  { isDisabled, registration, emailVerifiedAt }: User,
  { emailVerification }: LoginConfig,
): boolean {
  if (isDisabled) return false;
  return emailVerification !== 'required' || registration === 'trusted' || emailVerifiedAt !== null;
}

/** The same of a row of `users`, in SQL. */
export function rowMayLogIn(row: string, { emailVerification }: LoginConfig): string {
  const isTrusted = `(${row}.registration = 'trusted' OR ${row}.email_verified_at IS NOT NULL)`;
  return `NOT ${row}.is_disabled${emailVerification === 'required' ? ` AND ${isTrusted}` : ''}`;
}
