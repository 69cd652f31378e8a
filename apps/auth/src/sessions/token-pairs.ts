import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Config } from '../config.js';
import { hashSecret, newSecret } from '../secret.js';
import type { TokenFormat } from '../tokens/token-format.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { grantedScopes } from '../users/roles.js';
import type { User } from '../users/user.entity.js';
import type { RefreshToken } from './refresh-token.entity.js';
import type { TokenResponse } from './sessions.schema.js';

/** An access token and the refresh token beside it: as the client gets them, and as they are kept. */
export interface TokenPair {
  readonly response: TokenResponse;
  readonly record: RefreshToken;
}

/** Who and what a pair is for. */
export interface PairRequest extends Pick<User, 'roles' | 'claims'> {
  readonly userId: string;
  readonly sessionId: string;
  readonly sessionExpiresAt: Date;
  readonly requestedScope: string | null;
  readonly format: TokenFormat;
  /** The hash of the refresh token that this one replaces. */
  readonly predecessor: Buffer | null;
  /** By the clock of the database. */
  readonly now: Date;
}

/** The client that the login of a user is issued to. */
export const WEB_CLIENT = 'web';

@Injectable()
export class TokenPairs {
  constructor(
    private readonly issuer: TokenIssuer,
    private readonly config: Config,
  ) {}

  /**
   * The next pair of a session, with the roles and claims that the user has now. It can be used once
   * its record is in the database.
   */
  async mint(manager: EntityManager, request: PairRequest): Promise<TokenPair> {
    const { userId, sessionId, sessionExpiresAt, roles, claims, format, predecessor, now } =
      request;
    const idleEnd = now.getTime() + this.config.refreshTokenTtlMs;
    const expiresAt = new Date(Math.min(idleEnd, sessionExpiresAt.getTime()));
    const scopes = grantedScopes(roles, request.requestedScope);
    const access = await this.issuer.issue(manager, {
      subject: userId,
      clientId: WEB_CLIENT,
      sessionId,
      scopes,
      roles,
      claims,
      notAfter: sessionExpiresAt,
      format,
    });
    const refreshToken = newSecret();
    return {
      response: {
        access_token: access.token,
        token_type: 'Bearer',
        expires_in: access.expiresInSeconds,
        refresh_token: refreshToken,
        refresh_expires_in: Math.floor((expiresAt.getTime() - now.getTime()) / 1000),
        scope: scopes.join(' '),
      },
      record: {
        hash: hashSecret(refreshToken),
        sessionId,
        predecessor,
        createdAt: now,
        expiresAt,
        replacedAt: null,
        sealedSuccessor: null,
        accessTokenId: access.tokenId,
        accessTokenExpiresAt: access.expiresAt,
      },
    };
  }
}
