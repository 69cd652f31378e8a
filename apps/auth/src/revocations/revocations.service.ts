import type { Revocation } from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { execute, type Statement } from '../database/statement.js';
import { OwnRevocations } from './own-revocations.js';

/** What a revocation can name about a token, by the names that its claims have. */
export interface RevocableClaims {
  readonly jti: string;
  readonly sid?: string;
  readonly client_id: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly token_version?: number;
}

const COVERS = `
  SELECT FROM revoked_tokens
  WHERE (kind = 'jti' AND id = $1) OR (kind = 'sid' AND id = $2)
    OR (kind = 'client' AND id = $3 AND coalesce($5 < token_version, before >= $4))
  LIMIT 1`;

/** Read for each token that is issued. */
const TOKEN_VERSION: Statement = {
  name: 'revoked_tokens.token_version',
  text: `
    SELECT token_version::float8 AS version FROM revoked_tokens WHERE kind = 'client' AND id = $1`,
};

/** Publishes revocations, and knows those that were published. */
@Injectable()
export class RevocationsService {
  constructor(
    private readonly own: OwnRevocations,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Writes in the caller's transaction: at its commit the revocations are in the feed, and if it
   * fails they never were.
   */
  async revoke(manager: EntityManager, revocations: readonly Revocation[]): Promise<void> {
    this.own.expect(manager, await recordRevocations(manager, revocations));
  }

  /**
   * The number of a client's newest revocation, 0 before the first. A token carries the number that
   * its issuer read here: it is revoked by what commits after that, and by nothing else.
   */
  async tokenVersionOf(manager: EntityManager, clientId: string): Promise<number> {
    const [newest] = await execute<{ version: number | null }>(manager, TOKEN_VERSION, [clientId]);
    return newest?.version ?? 0;
  }

  /** Whether a token that says this was revoked, as all processes together know it. */
  async cover(token: RevocableClaims): Promise<boolean> {
    const { jti, sid = null, client_id: clientId, iat, token_version: version = null } = token;
    const found = await this.dataSource.query<object[]>(COVERS, [jti, sid, clientId, iat, version]);
    return found.length > 0;
  }
}
