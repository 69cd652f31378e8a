import type { ExpiredRows } from '@jwt-auth/chassis';

import { EXPIRED_LINKS } from '../accounts/account-links.repository.js';
import { EXPIRED_AUDIT_EVENTS } from '../audit/audit.repository.js';
import { EXPIRED_TOTP_ENROLMENTS } from '../factors/factors.repository.js';
import { EXPIRED_PASSKEY_CHALLENGES } from '../factors/passkeys.repository.js';
import { EXPIRED_REVOCATIONS } from '../revocations/revocations.repository.js';
import { EXPIRED_LOGIN_TICKETS } from '../sessions/login-tickets.repository.js';
import {
  EXPIRED_REFRESH_TOKENS,
  TOKENS_OF_ENDED_SESSIONS,
} from '../sessions/refresh-tokens.repository.js';
import { EXPIRED_SESSIONS } from '../sessions/sessions.repository.js';
import { EXPIRED_REFERENCE_TOKENS } from '../tokens/reference-tokens.repository.js';
import { FORGOTTEN_NETWORKS } from '../users/known-networks.repository.js';
import { FORGOTTEN_LOGIN_LIMITS } from '../users/login-limits.repository.js';
import { DELETED_USERS, UNVERIFIED_USERS } from '../users/user.entity.js';

/**
 * In the order in which they are removed: a session is removed with its tokens, of which few should
 * be left by then.
 */
export const EXPIRED_ROWS: readonly ExpiredRows[] = [
  EXPIRED_REFRESH_TOKENS,
  TOKENS_OF_ENDED_SESSIONS,
  EXPIRED_SESSIONS,
  EXPIRED_REVOCATIONS,
  EXPIRED_REFERENCE_TOKENS,
  FORGOTTEN_LOGIN_LIMITS,
  EXPIRED_LINKS,
  EXPIRED_TOTP_ENROLMENTS,
  EXPIRED_LOGIN_TICKETS,
  EXPIRED_PASSKEY_CHALLENGES,
  FORGOTTEN_NETWORKS,
  DELETED_USERS,
  UNVERIFIED_USERS,
  EXPIRED_AUDIT_EVENTS,
];
