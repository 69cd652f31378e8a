import type { EntityManager } from 'typeorm';

import { execute, type Statement } from '../database/statement.js';
import type { User } from '../users/user.entity.js';
import type { RefreshToken } from './refresh-token.entity.js';
import type { Session } from './session.entity.js';
import type { TokenPair } from './token-pairs.js';

// A refresh waits for the database more than for anything else, so it asks twice: once what there is,
// and once to replace just that.

type TokenPart = Pick<RefreshToken, 'predecessor' | 'replacedAt' | 'sealedSuccessor'>;
type SessionPart = Pick<Session, 'requestedScope' | 'endedAt'>;
type UserPart = Pick<User, 'roles' | 'claims' | 'isDisabled'>;

/** A refresh token that someone presents, with its session and its person. */
export interface PresentedToken extends TokenPart, SessionPart, UserPart {
  readonly hash: Buffer;
  readonly sessionId: string;
  readonly userId: string;
  /** The token's own end. */
  readonly expiresAt: Date;
  readonly sessionExpiresAt: Date;
  /** Of the person's row. */
  readonly personVersion: string;
}

const JOINED = `
  FROM refresh_tokens token
  JOIN sessions session ON session.id = token.session_id
  JOIN users person ON person.id = session.user_id
  WHERE token.hash = $1`;

const FIND = `
  SELECT token.hash, token.predecessor, token.replaced_at AS "replacedAt",
    token.sealed_successor AS "sealedSuccessor", token.expires_at AS "expiresAt",
    session.id AS "sessionId", session.requested_scope AS "requestedScope",
    session.expires_at AS "sessionExpiresAt", session.ended_at AS "endedAt",
    person.id AS "userId", person.roles, person.claims, person.is_disabled AS "isDisabled",
    person.xmin::text AS "personVersion"${JOINED}`;

// In this order, which is that of everyone who ends sessions: person, session, token. Whoever
// changes the person waits, and finds the tokens made here among those to revoke.
const LOCKED = 'FOR SHARE OF person FOR UPDATE OF session FOR UPDATE OF token';

const find: Statement = { name: 'refresh.find', text: FIND };
const lock: Statement = { name: 'refresh.lock', text: `${FIND} ${LOCKED}` };

/** The token with this hash as it is now, and may not be any more in a moment. */
export async function findPresentedToken(
  manager: EntityManager,
  hash: Buffer,
): Promise<PresentedToken | undefined> {
  const [token] = await execute<PresentedToken>(manager, find, [hash]);
  return token;
}

/**
 * The token with this hash, as it is once everyone who was faster is done. Until the transaction
 * ends, nobody else refreshes any token of its session, ends it, or changes its person.
 */
export async function lockPresentedToken(
  manager: EntityManager,
  hash: Buffer,
): Promise<PresentedToken | undefined> {
  const [token] = await execute<PresentedToken>(manager, lock, [hash]);
  return token;
}

// What was faster is seen by the lock, which asks its conditions again of whatever it had to wait
// for. Counting lets the update be done before the insert begins: of two tokens that nothing has
// replaced, the index of usable tokens refuses the second.
const replace: Statement = {
  name: 'refresh.replace',
  text: `
    WITH presented AS (
      SELECT${JOINED} AND token.replaced_at IS NULL AND session.ended_at IS NULL
        AND person.xmin = $2::xid
      ${LOCKED}
    ), replaced AS (
      UPDATE refresh_tokens SET
        replaced_at = coalesce(replaced_at, $4),
        sealed_successor = CASE WHEN hash = $1 THEN $5::bytea END
      WHERE hash IN ($1, $3) AND EXISTS (SELECT FROM presented)
      RETURNING hash
    ), used AS (
      UPDATE sessions SET last_used_at = $4 WHERE id = $6 AND EXISTS (SELECT FROM presented)
    ), kept AS (
      INSERT INTO reference_tokens (hash, claims, expires_at)
      SELECT $11::bytea, $12, $13 FROM presented WHERE $11::bytea IS NOT NULL
    )
    INSERT INTO refresh_tokens (hash, session_id, predecessor, created_at, expires_at,
      access_token_id, access_token_expires_at)
    SELECT $7, $6, $1, $4, $8, $9, $10 FROM (SELECT count(*) FROM replaced) AS done
    WHERE done.count > 0
    RETURNING hash`,
};

/**
 * Puts the successor in the place of a token, whose own predecessor forgets its answer, in one
 * statement that does all of it or nothing.
 *
 * @returns whether that was done: the token has been replaced, its session ended or its person
 *   changed since it was found, and nobody may have the successor
 */
export async function replaceToken(
  manager: EntityManager,
  { hash, predecessor, personVersion }: PresentedToken,
  { record, reference }: TokenPair,
  sealedSuccessor: Buffer | null,
): Promise<boolean> {
  const { createdAt, sessionId, expiresAt, accessTokenId, accessTokenExpiresAt } = record;
  const done = await execute(manager, replace, [
    ...[hash, personVersion, predecessor, createdAt, sealedSuccessor, sessionId],
    ...[record.hash, expiresAt, accessTokenId, accessTokenExpiresAt],
    ...[reference?.hash, reference?.claims, reference?.expiresAt],
  ]);
  return done.length > 0;
}
