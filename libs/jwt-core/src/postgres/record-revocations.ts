import type { EntityManager } from 'typeorm';
import type { Revocation } from '../revocation/revocation.js';

// Rows in the order of their key, so that two writers of the same rows lock them in the same order.
// A later expiry or second wins and is published again; otherwise nothing changes. The feed learns
// of the rows from the trigger `revoked_tokens_notify` (NOTIFY revoked_tokens), on which
// `openListening` (feed/listening.ts) listens.
// Each revocation of a client is a new one, also within a second: the trigger numbers it.
const UPSERT = `
WITH written AS (
  INSERT INTO revoked_tokens AS known (kind, id, exp, before)
  SELECT kind, id, max(exp), max(before)
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS entry (kind, id, exp, before)
    GROUP BY kind, id
    ORDER BY kind COLLATE "C", id COLLATE "C"
  ON CONFLICT (kind, id) DO UPDATE
    SET exp = greatest(known.exp, excluded.exp), before = greatest(known.before, excluded.before),
      created_at = excluded.created_at
    WHERE excluded.exp > known.exp OR known.kind = 'client'
  RETURNING kind, id, token_version
)
SELECT id, token_version::float8 AS "tokenVersion" FROM written WHERE kind = 'client'`;

/**
 * Records revocations in the transaction of the action that causes them: they reach the services
 * when it commits. Recording one twice is harmless.
 *
 * @returns the same revocations, those of clients with the `tokenVersion` that they were given
 * @throws QueryFailedError when an entry is not possible, as a `client` without `before`.
 */
export async function recordRevocations(
  manager: EntityManager,
  revocations: readonly Revocation[],
): Promise<Revocation[]> {
  if (revocations.length === 0) return [];
  const clients = await manager.query<{ id: string; tokenVersion: number }[]>(UPSERT, [
    revocations.map(({ kind }) => kind),
    revocations.map(({ id }) => id),
    revocations.map(({ exp }) => exp),
    revocations.map(({ before }) => before ?? null),
  ]);
  const versions = new Map(clients.map(({ id, tokenVersion }) => [id, tokenVersion]));
  return revocations.map((revocation) => {
    const tokenVersion = revocation.kind === 'client' ? versions.get(revocation.id) : undefined;
    return tokenVersion === undefined ? revocation : { ...revocation, tokenVersion };
  });
}
