import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { AccessModelError } from '../access/access.errors.js';
import { grantedScopes, scopesWithin } from '../access/issuing-terms.js';
import { secondsUntil } from '../clock.js';
import { Config } from '../config.js';
import { hashSecret, newSecret } from '../crypto/secret.js';
import { loginClaimsOf } from '../tokens/claims.js';
import type { TokenRequest } from '../tokens/token-request.schema.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import type { User } from '../users/user.entity.js';
import { SessionsError } from './sessions.errors.js';
import { type RefreshToken, authenticationOf, type Session } from './session.entity.js';
import type { SessionTokens } from './sessions.schema.js';

/** An access token and the refresh token beside it: as the client gets them, and as they are kept. */
interface TokenPair {
  readonly response: SessionTokens;
  readonly record: RefreshToken;
}

/** Who and what a pair is for. */
interface PairRequest {
  readonly user: User;
  readonly session: Session;
  /** What is asked of this one token, within what the session may. */
  readonly request: TokenRequest;
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
    private readonly accessModel: AccessModel,
    private readonly config: Config,
  ) {}

  /**
   * The next pair of a session, with the roles and claims that the user has now. Roles that need a second
   * factor are left out until the session has one. The pair can be used once its record is in the database.
   *
   * @throws SessionsError `scope_exceeded`; AccessModelError `invalid_target`
   */
  async mint(
    manager: EntityManager,
    { user, session, request, predecessor, now }: PairRequest,
  ): Promise<TokenPair> {
    const audience = this.audienceOf(session, request);
    const idleEnd = now.getTime() + this.config.refreshTokenTtlMs;
    const expiresAt = new Date(Math.min(idleEnd, session.expiresAt.getTime()));
    const authentication = authenticationOf(session);
    const terms = await this.accessModel.terms(manager, {
      clientId: WEB_CLIENT,
      roles: user.roles,
      hasMfa: user.hasSecondFactor && authentication.amr.includes('mfa'),
      audiences: [audience],
    });
    const scopes = scopesWithin(grantedScopes(terms, session.requestedScope), request.scope);
    if (!scopes) {
      throw new SessionsError('scope_exceeded', 'The session has not all of these scopes');
    }
    const access = await this.issuer.issue(manager, {
      terms,
      subject: user.id,
      clientId: WEB_CLIENT,
      sessionId: session.id,
      scopes,
      roles: terms.roles,
      claims: user.claims,
      loginClaims: loginClaimsOf({ user, ...authentication }),
      notAfter: session.expiresAt,
      format: request.token_format,
    });
    const refreshToken = newSecret();
    return {
      response: {
        access_token: access.token,
        token_type: 'Bearer',
        expires_in: access.expiresInSeconds,
        refresh_token: refreshToken,
        refresh_expires_in: secondsUntil(expiresAt, now),
        scope: scopes.join(' '),
        ...(access.opaqueClaims && { access_token_claims: access.opaqueClaims }),
      },
      record: {
        hash: hashSecret(refreshToken),
        sessionId: session.id,
        predecessor,
        createdAt: now,
        expiresAt,
        replacedAt: null,
        sealedSuccessor: null,
        accessTokenId: access.tokenId,
        accessTokenExpiresAt: access.expiresAt,
        accessTokenAudience: audience,
        accessTokenScopes: scopes,
      },
    };
  }

  /** @throws AccessModelError `invalid_target` */
  private audienceOf(session: Session, { resource }: TokenRequest): string {
    const audience = session.audience ?? resource ?? this.config.audience;
    if (resource === undefined || resource === audience) return audience;
    throw new AccessModelError('invalid_target', 'The session is for another resource');
  }
}
