import { Column, CreateDateColumn, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { Revocation, RevocationKind } from '../revocation/revocation.js';

/** Postgres's bigint comes as text; these are seconds, far from where numbers lose precision. */
const seconds = {
  from: (stored: string | null) => (stored === null ? null : Number(stored)),
  to: (value: number | null) => value,
};

/**
 * A revocation in the database, written by `recordRevocations`. TypeORM does not make the table and
 * does not know all of it: see the migration.
 */
@Entity('revoked_tokens', { synchronize: false })
export class RevokedToken implements Omit<Revocation, 'before'> {
  @PrimaryColumn('text')
  readonly kind!: RevocationKind;

  @PrimaryColumn('text')
  readonly id!: string;

  /** When the last token concerned has expired, in seconds since the epoch. */
  @Column('bigint', { transformer: seconds })
  readonly exp!: number;

  /** Only for `client`: its tokens issued up to this second are revoked. */
  @Column('bigint', { nullable: true, transformer: seconds })
  readonly before!: number | null;

  /** When it was recorded, or last extended: the start of that transaction. */
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  readonly createdAt!: Date;
}

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
