import { createHash, randomBytes } from 'node:crypto';

import { isReferenceToken, type ReferenceTokenSource } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import type { AccessTokenClaims } from './access-token-claims.js';
import { ReferenceToken } from './reference-token.entity.js';

/** Opaque access tokens: what they say lies in the database, and they are no more than its key. */
@Injectable()
export class ReferenceTokens implements ReferenceTokenSource {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** A new token that stands for these claims once the caller's transaction has committed. */
  async issue(manager: EntityManager, claims: AccessTokenClaims): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(claims.exp * 1000);
    await manager.insert(ReferenceToken, { hash: hashOf(token), claims, expiresAt });
    return token;
  }

  /**
   * What a token says that has not expired. Whether it was revoked is not looked at: that is asked
   * of tokens of both kinds alike.
   */
  async resolve(token: string): Promise<AccessTokenClaims | undefined> {
    if (!isReferenceToken(token)) return undefined;
    const known = await this.dataSource.manager.findOneBy(ReferenceToken, {
      hash: hashOf(token),
      expiresAt: MoreThan(this.clock.now()),
    });
    return known?.claims;
  }
}

/** Of 256 random bits nothing can be guessed, so that a slow hash has no use. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
