import type { EntityManager } from 'typeorm';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { execute, type Statement } from '../database/statement.js';
import type { KnownUser } from '../users/known-user.js';
import type { Session } from './session.entity.js';
import type { TokenPair } from './token-pairs.js';

// The person locked, so that whoever changes them waits, and then finds this session among those to
// end. Whoever was faster is seen by the lock, which asks again for the version after waiting.
const insert: Statement = {
  name: 'session.insert',
  text: `
    WITH person AS (
      SELECT id FROM users WHERE id = $1 AND xmin = $2::xid FOR SHARE
    ), session AS (
      INSERT INTO sessions (id, user_id, requested_scope, address, user_agent, created_at,
        last_used_at, expires_at)
      SELECT $3, id, $4, $5, $6, $7, $7, $8 FROM person
    ), event AS (
      INSERT INTO audit_events (at, action, actor, subject, address, request_id, detail)
      SELECT $13, $14, $15, $16, $17, $18, $19 FROM person
    ), kept AS (
      INSERT INTO reference_tokens (hash, claims, expires_at)
      SELECT $20::bytea, $21, $22 FROM person WHERE $20::bytea IS NOT NULL
    )
    INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, access_token_id,
      access_token_expires_at)
    SELECT $9, $3, $7, $10, $11, $12 FROM person
    RETURNING hash`,
};

/**
 * Writes a new session with its first tokens and the event that tells of it, in one statement that
 * does all of it or nothing.
 *
 * @returns whether that was done: the person has changed since they were read, and nobody may have
 *   the tokens
 */
export async function insertSession(
  manager: EntityManager,
  { id: userId, version }: KnownUser,
  session: Session,
  { record, reference }: TokenPair,
  event: Omit<AuditEvent, 'id'>,
): Promise<boolean> {
  const done = await execute(manager, insert, [
    ...[userId, version],
    ...[session.id, session.requestedScope, session.address, session.userAgent],
    ...[session.createdAt, session.expiresAt],
    ...[record.hash, record.expiresAt, record.accessTokenId, record.accessTokenExpiresAt],
    ...[event.at, event.action, event.actor, event.subject, event.address, event.requestId],
    event.detail,
    ...[reference?.hash, reference?.claims, reference?.expiresAt],
  ]);
  return done.length > 0;
}
