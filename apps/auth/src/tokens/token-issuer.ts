import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { KeyRing } from '../keys/key-ring.js';
import { TokensError } from './tokens-error.js';

/** What an access token says, apart from what the issuer says of every token. */
export interface AccessTokenGrant {
  readonly subject: string;
  readonly clientId: string;
  /** Absent when a service calls for itself. */
  readonly sessionId?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** What is known of the subject beyond the standard. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The end of what the token belongs to: it does not live longer than that. */
  readonly notAfter?: Date;
}

export interface AccessToken {
  readonly token: string;
  /** `jti`. */
  readonly tokenId: string;
  readonly expiresAt: Date;
  readonly expiresInSeconds: number;
}

/** A proxy or server in front of a service commonly refuses headers of 8 KiB: stay far below. */
const MAX_PAYLOAD_BYTES = 1024;

/** Makes access tokens (RFC 9068). Nothing else uses the private key. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: KeyRing,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws TokensError `payload_too_large` when the claims exceed 1 KiB of JSON */
  issue(grant: AccessTokenGrant): AccessToken {
    const issuedAt = this.clock.seconds();
    const expiresAt = this.expiry(issuedAt, grant.notAfter);
    const tokenId = randomUUID();
    const payload = {
      iss: this.config.issuer,
      sub: grant.subject,
      aud: this.config.audience,
      client_id: grant.clientId,
      iat: issuedAt,
      exp: expiresAt,
      jti: tokenId,
      ...(grant.sessionId !== undefined && { sid: grant.sessionId }),
      scope: grant.scopes.join(' '),
      roles: grant.roles,
      ...(Object.keys(grant.claims ?? {}).length > 0 && { claims: grant.claims }),
    };
    return {
      token: this.sign(payload),
      tokenId,
      expiresAt: new Date(expiresAt * 1000),
      expiresInSeconds: expiresAt - issuedAt,
    };
  }

  private expiry(issuedAt: number, notAfter: Date | undefined): number {
    const latest = notAfter ? Math.floor(notAfter.getTime() / 1000) : Infinity;
    // A verifier refuses a token that expires as it is issued, whatever the reason.
    return Math.max(Math.min(issuedAt + this.config.accessTokenTtlSeconds, latest), issuedAt + 1);
  }

  private sign(payload: object): string {
    const size = Buffer.byteLength(JSON.stringify(payload));
    if (size > MAX_PAYLOAD_BYTES) {
      throw new TokensError('payload_too_large', `The claims take ${size} bytes`);
    }
    const { kid, privateKey } = this.keys.active;
    return this.jwt.sign(payload, {
      // A KeyObject: with a PEM string the key is parsed anew for each signature, at three times
      // the cost of signing.
      privateKey,
      algorithm: 'RS256',
      header: { alg: 'RS256', typ: 'at+jwt', kid },
    });
  }
}
