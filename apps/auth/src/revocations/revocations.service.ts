import type { Revocation } from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { OwnRevocations } from './own-revocations.js';

/** What a revocation can name about a token, by the names that its claims have. */
export interface RevocableClaims {
  readonly jti: string;
  readonly sid?: string;
  readonly client_id: string;
  /** Seconds since the epoch. */
  readonly iat: number;
}

const COVERS = `
  SELECT FROM revoked_tokens
  WHERE (kind = 'jti' AND id = $1) OR (kind = 'sid' AND id = $2)
    OR (kind = 'client' AND id = $3 AND before >= $4)
  LIMIT 1`;

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
    await recordRevocations(manager, revocations);
    this.own.expect(manager, revocations);
  }

  /** Whether a token that says this was revoked, as all processes together know it. */
  async cover({ jti, sid, client_id: clientId, iat }: RevocableClaims): Promise<boolean> {
    const found = await this.dataSource.query<object[]>(COVERS, [jti, sid ?? null, clientId, iat]);
    return found.length > 0;
  }
}
