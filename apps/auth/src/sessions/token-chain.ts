import type { EntityManager } from 'typeorm';

import type { User } from '../users/user.entity.js';
import type { RefreshToken } from './refresh-token.entity.js';
import type { Session } from './session.entity.js';

// A refresh waits for the database more than for anything else, so it asks twice and not six times.

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
}

// Locked in this order, which is that of everyone who ends sessions: person, session, token. Whoever
// changes the person waits, and finds the tokens made here among those to revoke.
const LOCK = `
  SELECT token.hash, token.predecessor, token.replaced_at AS "replacedAt",
    token.sealed_successor AS "sealedSuccessor", token.expires_at AS "expiresAt",
    session.id AS "sessionId", session.requested_scope AS "requestedScope",
    session.expires_at AS "sessionExpiresAt", session.ended_at AS "endedAt",
    person.id AS "userId", person.roles, person.claims, person.is_disabled AS "isDisabled"
  FROM refresh_tokens token
  JOIN sessions session ON session.id = token.session_id
  JOIN users person ON person.id = session.user_id
  WHERE token.hash = $1
  FOR SHARE OF person FOR UPDATE OF session FOR UPDATE OF token`;

/**
 * The token with this hash, as it is once everyone who was faster is done. Until the transaction
 * ends, nobody else refreshes any token of its session, ends it, or changes its person.
 */
export async function lockPresentedToken(
  manager: EntityManager,
  hash: Buffer,
): Promise<PresentedToken | undefined> {
  const [token] = await manager.query<PresentedToken[]>(LOCK, [hash]);
  return token;
}

// Counting first lets the update be done before the insert begins: of two tokens that nothing has
// replaced, the index of usable tokens refuses the second.
const REPLACE = `
  WITH replaced AS (
    UPDATE refresh_tokens SET
      replaced_at = coalesce(replaced_at, $3),
      sealed_successor = CASE WHEN hash = $1 THEN $4::bytea END
    WHERE hash IN ($1, $2)
    RETURNING hash
  ), used AS (
    UPDATE sessions SET last_used_at = $3 WHERE id = $5
  )
  INSERT INTO refresh_tokens (hash, session_id, predecessor, created_at, expires_at,
    access_token_id, access_token_expires_at)
  SELECT $6, $5, $1, $3, $7, $8, $9 FROM (SELECT count(*) FROM replaced) AS done`;

/** Puts the successor in the place of a locked token, whose own predecessor forgets its answer. */
export async function replaceToken(
  manager: EntityManager,
  { hash, predecessor }: PresentedToken,
  successor: RefreshToken,
  sealedSuccessor: Buffer | null,
): Promise<void> {
  const { createdAt, sessionId, expiresAt, accessTokenId, accessTokenExpiresAt } = successor;
  await manager.query(REPLACE, [
    ...[hash, predecessor, createdAt, sealedSuccessor, sessionId],
    ...[successor.hash, expiresAt, accessTokenId, accessTokenExpiresAt],
  ]);
}
