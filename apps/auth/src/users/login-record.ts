import type { EntityManager } from 'typeorm';

import { execute, type Statement } from '../database/statement.js';
import { KNOWN_USER, type KnownUser } from './known-user.js';
import { limitsOf, type AttemptOrigin, type LimitName } from './login-attempt.js';

/** What there is to know of an attempt before its password is looked at. */
export interface LoginRecord {
  /** `null`: the account is nobody's. */
  readonly user: KnownUser | null;
  /** Until when each limit pauses, or has paused. */
  readonly blockedUntil: Readonly<Record<LimitName, Date | null>>;
  /** At this account from this address: there is something to forgive. */
  readonly hasFailedBefore: boolean;
}

type Row = LoginRecord['blockedUntil'] &
  Pick<LoginRecord, 'hasFailedBefore'> &
  (KnownUser | { id: null });

// One statement, and the same for an e-mail that is nobody's: always one row.
const find: Statement = {
  name: 'login.find',
  text: `
    SELECT pair.blocked_until AS pair, address.blocked_until AS address,
      everywhere.blocked_until AS everywhere, pair.key IS NOT NULL AS "hasFailedBefore",
      ${KNOWN_USER}
    FROM (SELECT) AS attempt
    LEFT JOIN users person ON person.email_key = $1
    LEFT JOIN login_limits pair ON pair.key = $2
    LEFT JOIN login_limits address ON address.key = $3
    LEFT JOIN login_limits everywhere ON everywhere.key = $4`,
};

/** Asks for the person and for the failures so far, in this account's name and from this address. */
export async function findLoginRecord(
  manager: EntityManager,
  by: AttemptOrigin,
): Promise<LoginRecord> {
  const limits = limitsOf(by);
  const keys = [limits.pair.key, limits.address.key, limits.everywhere.key];
  const [row] = (await execute<Row>(manager, find, [by.account, ...keys])) as [Row];
  const { pair, address, everywhere, hasFailedBefore, ...user } = row;
  return {
    user: user.id === null ? null : user,
    blockedUntil: { pair, address, everywhere },
    hasFailedBefore,
  };
}
