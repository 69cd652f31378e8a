import { isReferenceToken, type ReferenceTokenSource } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import type { AccessTokenClaims } from './claims.js';
import { ReferenceTokensRepository } from './reference-tokens.repository.js';

/** Opaque access tokens: what they say lies in the database, and they are no more than its key. */
@Injectable()
export class ReferenceTokens implements ReferenceTokenSource {
  constructor(
    private readonly repository: ReferenceTokensRepository,
    private readonly clock: Clock,
  ) {}

  /** A new token that stands for these claims once the caller's transaction has committed. */
  async issue(manager: EntityManager, claims: AccessTokenClaims): Promise<string> {
    const token = newSecret();
    const expiresAt = new Date(claims.exp * 1000);
    await this.repository.insert(manager, { hash: hashSecret(token), claims, expiresAt });
    return token;
  }

  /** Removes what there is about a user, who is about to be deleted. The tokens are dead then. */
  removeAllOf(manager: EntityManager, userId: string): Promise<void> {
    return this.repository.removeBySubject(manager, userId);
  }

  /**
   * What a token says that has not expired. Whether it was revoked is not looked at: that is asked
   * of tokens of both kinds alike.
   */
  async resolve(token: string): Promise<AccessTokenClaims | undefined> {
    if (!isReferenceToken(token)) return undefined;
    const known = await this.repository.findLive(hashSecret(token), this.clock.now());
    return known?.claims;
  }
}
