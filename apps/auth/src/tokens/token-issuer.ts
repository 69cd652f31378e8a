import { randomUUID } from 'node:crypto';

import { RevocationList } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { DataSource, type EntityManager } from 'typeorm';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import type { CustomClaims } from '../custom-claims.js';
import { KeyRing } from '../keys/key-ring.js';
import type { IssuingTerms } from '../access/issuing-terms.js';
import type { AccessTokenClaims, LoginClaims } from './claims.js';
import { ReferenceTokens } from './reference-tokens.js';
import type { TokenFormat } from './token-request.schema.js';

/** What an access token says, apart from what the issuer says of every token. */
export interface AccessTokenGrant {
  /** Read in the same transaction. */
  readonly terms: Pick<IssuingTerms, 'audiences' | 'tokenVersion'>;
  readonly subject: string;
  readonly clientId: string;
  /** Absent when a service calls for itself. */
  readonly sessionId?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** What is known of the subject beyond the standard. */
  readonly claims?: CustomClaims;
  /** Absent when a service calls for itself. */
  readonly loginClaims?: LoginClaims;
  /** The end of what the token belongs to: it does not live longer than that. */
  readonly notAfter?: Date;
  /** Default: `jwt`. Claims that do not fit into one make a reference token in any case. */
  readonly format?: TokenFormat | undefined;
}

export interface AccessToken {
  readonly token: string;
  /** `jti`. */
  readonly tokenId: string;
  readonly expiresAt: Date;
  readonly expiresInSeconds: number;
  /** Only of a reference token, which does not say them itself. */
  readonly opaqueClaims?: AccessTokenClaims;
}

/** A proxy or server in front of a service commonly refuses headers of 8 KiB: stay far below. */
const MAX_PAYLOAD_BYTES = 1024;

/** Makes access tokens (RFC 9068). Nothing else uses the private key. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly jwt: JwtService,
    private readonly keys: KeyRing,
    private readonly list: RevocationList,
    private readonly references: ReferenceTokens,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * A transaction for `issue`. It begins when the active key signs: a wait inside would hold a connection
   * and the lock of the user, and after two withdrawals a few logins would empty the pool.
   */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    await this.keys.settled();
    return this.dataSource.transaction(work);
  }

  /**
   * A JWT, or a reference token, which can be used when the caller's transaction has committed.
   */
  async issue(manager: EntityManager, grant: AccessTokenGrant): Promise<AccessToken> {
    const claims = this.claimsOf(grant);
    const { jti, iat, exp } = claims;
    const isReference = grant.format === 'reference' || sizeOf(claims) > MAX_PAYLOAD_BYTES;
    return {
      token: isReference
        ? await this.references.issue(manager, claims)
        : await this.sign(manager, claims),
      tokenId: jti,
      expiresAt: new Date(exp * 1000),
      expiresInSeconds: exp - iat,
      ...(isReference && { opaqueClaims: claims }),
    };
  }

  private claimsOf({
    terms,
    sessionId,
    claims = {},
    loginClaims,
    notAfter,
    ...grant
  }: AccessTokenGrant) {
    const [audience, ...others] = terms.audiences as [string, ...string[]];
    const issuedAt = this.clock.seconds();
    return {
      iss: this.config.issuer,
      sub: grant.subject,
      aud: others.length > 0 ? terms.audiences : audience,
      client_id: grant.clientId,
      iat: issuedAt,
      exp: this.expiry(issuedAt, notAfter),
      jti: randomUUID(),
      token_version: terms.tokenVersion,
      ...(sessionId !== undefined && { sid: sessionId }),
      ...loginClaims,
      scope: grant.scopes.join(' '),
      roles: grant.roles,
      ...(Object.keys(claims).length > 0 && { claims }),
    } satisfies AccessTokenClaims;
  }

  private expiry(issuedAt: number, notAfter: Date | undefined): number {
    const latest = notAfter ? Math.floor(notAfter.getTime() / 1000) : Infinity;
    const usual = issuedAt + Math.floor(this.config.accessTokenTtlMs / 1000);
    // A verifier refuses a token that expires as it is issued, whatever the reason.
    return Math.max(Math.min(usual, latest), issuedAt + 1);
  }

  private async sign(manager: EntityManager, claims: AccessTokenClaims): Promise<string> {
    // Withdrawn through another process a moment ago, and not yet looked at again by this one.
    if (this.list.isKeyRevoked(this.keys.active.kid)) await this.keys.reload(manager);
    const { kid, privateKey } = await this.keys.signing();
    return this.jwt.sign(claims, {
      // A KeyObject: with a PEM string the key is parsed anew for each signature, at three times
      // the cost of signing.
      privateKey,
      algorithm: 'RS256',
      header: { alg: 'RS256', typ: 'at+jwt', kid },
    });
  }
}

const sizeOf = (claims: AccessTokenClaims): number => Buffer.byteLength(JSON.stringify(claims));
