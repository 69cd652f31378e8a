import { AccessError, type LoginAge, type Principal } from '@jwt-auth/jwt-core';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import type { User } from '../users/user.entity.js';

/** The longest age of a login that may start a change of factors. */
export const FACTOR_LOGIN_AGE: LoginAge = '5m';

/**
 * Of a user with a second factor: only someone who has proved it changes factors. Without one, the
 * recent login of the route is enough.
 *
 * @throws AccessError `insufficient_user_authentication`
 */
export function demandFactorOf(
  { hasSecondFactor }: Pick<User, 'hasSecondFactor'>,
  { acr }: Pick<Principal, 'acr'>,
): void {
  if (hasSecondFactor && acr !== 'mfa') throw secondFactorMissing();
}

/** The same answer as that of `@RequireAcr('mfa')` (RFC 9470). */
export const secondFactorMissing = (): AccessError =>
  new AccessError('insufficient_user_authentication', 'acr is not mfa', [ACCOUNT_SCOPE], {
    authentication: { acrValues: ['mfa'] },
  });
