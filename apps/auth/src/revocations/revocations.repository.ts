import { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** What a revocation can name about a token, by the names of its claims. */
export interface RevocableClaims {
  readonly jti: string;
  readonly sid?: string;
  readonly client_id: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly token_version?: number;
}

/** A revocation with the transaction that wrote it. */
export type ListedRevocation = RevokedToken & { readonly xid: string };

/** The transaction, kind and id of a revocation. */
export type PublicationPosition = [xid: string, kind: string, id: string];

const FIND_COVERING = `
  SELECT FROM revoked_tokens
  WHERE (kind = 'jti' AND id = $1) OR (kind = 'sid' AND id = $2)
    OR (kind = 'client' AND id = $3 AND coalesce($5 < token_version, before >= $4))
  LIMIT 1`;

const PUBLISHED = `
  SELECT kind, id, exp::float8 AS exp, before::float8 AS before, created_at AS "createdAt", xid
  FROM revoked_tokens WHERE kind = $1 AND id = ANY ($2::text[])
  ORDER BY array_position($2::text[], id)`;

const LIST = `
  SELECT kind, id, exp::float8 AS exp, before::float8 AS before, created_at AS "createdAt", xid
  FROM revoked_tokens
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
    const { jti, sid = null, client_id: clientId, iat, token_version: version = null } = token;
    const values = [jti, sid, clientId, iat, version];
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

  /** The id of the manager's transaction, if it has written anything. */
  async transactionId(manager: EntityManager): Promise<bigint | undefined> {
    const [row] = await manager.query<{ xid: string | null }[]>(
      'SELECT pg_current_xact_id_if_assigned() AS xid',
    );
    return row?.xid == null ? undefined : BigInt(row.xid);
  }

  /** Revocations that have not expired, the latest first, after a position in that order. */
  list(after: PublicationPosition, count: number): Promise<ListedRevocation[]> {
    return this.dataSource.query(LIST, [...after, count]);
  }
}
