import type { ExpiredRows } from '@jwt-auth/chassis';
import { RevokedToken } from '@jwt-auth/jwt-core/postgres';

import { AccountLink } from '../accounts/account-link.entity.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { PasskeyChallenge, TotpEnrolment } from '../factors/factor.entity.js';
import { LoginTicket } from '../sessions/login-ticket.entity.js';
import { RefreshToken, Session } from '../sessions/session.entity.js';
import { ReferenceToken } from '../tokens/reference-token.entity.js';
import { LoginLimit } from '../users/login-limit.entity.js';
import { KnownNetwork, rowIsPending, User } from '../users/user.entity.js';

// A day late unless a comment says otherwise: a clock that was wrong for an hour removes nothing too
// early, and a client that is late gets `expired`, not `invalid`.

const aDayAfterExpiry = (entity: ExpiredRows['entity']): ExpiredRows => ({
  entity,
  condition: `expired.expiresAt < now() - interval '1 day'`,
  age: 'expiresAt',
});

/**
 * In the order in which they are removed: a session is removed with its tokens, of which few should
 * be left by then.
 */
export const EXPIRED_ROWS: readonly ExpiredRows[] = [
  {
    entity: RefreshToken,
    condition: `expired.expiresAt < now() - interval '1 day'
      AND expired.accessTokenExpiresAt < now() - interval '1 day'`,
    age: 'expiresAt',
  },
  {
    // Nothing depends on the tokens of a session that has ended: they are refused in any case, one that
    // was replaced as `reused` until it is removed, and then as an unknown one. Only sessions that ended
    // in the last two days, so that not all of them are looked at each time.
    entity: RefreshToken,
    condition: `expired.accessTokenExpiresAt < now() - interval '1 hour' AND expired.sessionId IN (
      SELECT id FROM sessions
      WHERE ended_at BETWEEN now() - interval '2 days' AND now() - interval '1 hour')`,
    age: 'expiresAt',
  },
  aDayAfterExpiry(Session),
  {
    entity: RevokedToken,
    condition: `expired.exp < extract(epoch FROM now() - interval '1 day')::bigint`,
    age: 'exp',
  },
  {
    // With claims of up to 64 KiB. An expired one is refused in the same words as an unknown one.
    entity: ReferenceToken,
    condition: `expired.expiresAt < now() - interval '1 minute'`,
    age: 'expiresAt',
  },
  {
    entity: LoginLimit,
    condition: `expired.forgottenAt < now() - interval '1 day'`,
    age: 'forgottenAt',
  },
  aDayAfterExpiry(AccountLink),
  aDayAfterExpiry(TotpEnrolment),
  aDayAfterExpiry(LoginTicket),
  aDayAfterExpiry(PasskeyChallenge),
  {
    // Half a year after the user's last login from there, a network is unknown again.
    entity: KnownNetwork,
    condition: `expired.lastLoginAt < now() - interval '180 days'`,
    age: 'lastLoginAt',
  },
  {
    // On time, as their users were promised, with all rows that refer to them. Not if the release before,
    // which does not know of it, enabled the user meanwhile.
    entity: User,
    condition: `expired.deleteAt < now() AND expired.isDisabled`,
    age: 'deleteAt',
  },
  {
    // Someone registered an e-mail and never verified it: nobody has used the account. An administrator who
    // disabled it, or gave it anything, wants it kept. The release before leaves one `pending` that is used.
    entity: User,
    condition: `${rowIsPending('expired')}
      AND expired.passwordChangedAt < now() - interval '30 days'
      AND NOT expired.isDisabled AND expired.roles <@ '{user}' AND expired.claims = '{}'
      AND NOT EXISTS (SELECT FROM known_networks WHERE user_id = expired.id)`,
    age: 'passwordChangedAt',
  },
  {
    // By the age in the database, which refuses to remove younger ones: see `AuditRetention`.
    entity: AuditEvent,
    condition: `expired.at < now() - (SELECT keep FROM audit_retention)`,
    age: 'at',
    isLocked: false,
  },
];
