import type { ExpiredRows } from '@jwt-auth/chassis';
import { REVOCATION_TARGETS, type RevocationKind } from '@jwt-auth/jwt-core';
import { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** A day late: see `aDayAfterExpiry`. */
export const EXPIRED_REVOCATIONS: ExpiredRows = {
  entity: RevokedToken,
  condition: `expired.exp < extract(epoch FROM now() - interval '1 day')::bigint`,
  age: 'exp',
};

type NamedClaim = NonNullable<(typeof REVOCATION_TARGETS)[RevocationKind]['claim']>;

/** The claims of a token that decide whether it is revoked. */
export type RevocableClaims = Readonly<
  { jti: string; client_id: string; iat: number; token_version?: number } & Partial<
    Record<NamedClaim, string>
  >
>;

/** A revocation with the transaction that wrote it. */
export type ListedRevocation = RevokedToken & { readonly xid: string };

/** Where a revocation stands in the order of publication, as a `PublicationKey` of the feed. */
export type PublicationKey = [xid: string, kind: string, id: string];

const KINDS = Object.keys(REVOCATION_TARGETS);
/** A key is no claim: the verifier looks it up in the key ring, which has no withdrawn one. */
const CLAIMS = Object.values(REVOCATION_TARGETS).map(({ claim }) => claim);

/** The same rule as that of `RevocationEntries.covers` in jwt-core. Only a client has a version and `before`. */
const FIND_COVERING = `
  SELECT FROM revoked_tokens
  JOIN unnest($1::text[], $2::text[]) AS named (kind, id) USING (kind, id)
  WHERE coalesce($4 < token_version, before >= $3, true)
  LIMIT 1`;

const COLUMNS = `
  kind, id, exp::float8 AS exp, before::float8 AS before, created_at AS "createdAt", xid`;

const PUBLISHED = `
  SELECT ${COLUMNS} FROM revoked_tokens
  WHERE kind = $1 AND id = ANY ($2::text[])
  ORDER BY array_position($2::text[], id)`;

const LIST = `
  SELECT ${COLUMNS} FROM revoked_tokens
  WHERE (xid, kind, id) < ($1::xid8, $2, $3) AND exp > extract(epoch FROM now())
  ORDER BY xid DESC, kind DESC, id DESC LIMIT $4`;

/**
 * All SQL of revocations, except for the two sides of the feed in `@jwt-auth/jwt-core/postgres`:
 * `recordRevocations` writes them, `PostgresRevocationSource` reads what is new.
 */
@Injectable()
export class RevocationsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whether a revocation of the token, its session or its client applies to it. */
  async isRevoked(token: RevocableClaims): Promise<boolean> {
    const { iat, token_version: version = null } = token;
    const ids = CLAIMS.map((claim) => (claim && token[claim]) ?? null);
    const values = [KINDS, ids, iat, version];
    const found = await this.dataSource.query<object[]>(FIND_COVERING, values);
    return found.length > 0;
  }

  /** The one of this kind and id, which there has to be. */
  the(manager: EntityManager, kind: RevokedToken['kind'], id: string): Promise<RevokedToken> {
    return manager.findOneByOrFail(RevokedToken, { kind, id });
  }

  /** Those of this kind and these ids, each with the transaction that published it last. */
  published(kind: RevokedToken['kind'], ids: readonly string[]): Promise<ListedRevocation[]> {
    return this.dataSource.query(PUBLISHED, [kind, ids]);
  }

  /** Revocations that have not expired, the latest first, after a position in that order. */
  list(after: PublicationKey, count: number): Promise<ListedRevocation[]> {
    return this.dataSource.query(LIST, [...after, count]);
  }
}
