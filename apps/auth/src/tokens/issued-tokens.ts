import { AccessTokenVerifier, RevocationList, TokenError } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { KeyRing } from '../keys/key-ring.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import type { AccessTokenClaims } from './claims.js';
import { ReferenceTokens } from './reference-tokens.js';

/** The access tokens of this issuer, of both kinds and for every audience, as it knows them itself. */
@Injectable()
export class IssuedTokens {
  constructor(
    private readonly references: ReferenceTokens,
    private readonly keys: KeyRing,
    private readonly list: RevocationList,
    private readonly revocations: RevocationsService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * What a token says that is valid now: by this issuer's own clock, with no tolerance, and by the
   * revocations in the database, of which the list of this process may be a moment behind.
   *
   * @throws TokenError `keys_unavailable`, `revocations_stale`: nobody can know just now
   */
  async find(token: string): Promise<AccessTokenClaims | undefined> {
    const claims = await this.findRevocable(token);
    return claims && claims.exp > this.clock.seconds() ? claims : undefined;
  }

  /** The same, also of a token that has just expired: a service accepts it for `CLOCK_TOLERANCE` more. */
  async findRevocable(token: string): Promise<AccessTokenClaims | undefined> {
    const claims = token.includes('.')
      ? await this.verified(token)
      : await this.references.resolve(token);
    if (!claims) return undefined;
    return (await this.revocations.isRevoked(claims)) ? undefined : claims;
  }

  private async verified(jwt: string): Promise<AccessTokenClaims | undefined> {
    const claims = readUnverified(jwt);
    // Any of them will do: which audience it is for is not asked here, and a verifier demands one.
    const audience = [claims?.aud].flat()[0];
    if (typeof audience !== 'string' || audience === '') return undefined;
    const { issuer, clockToleranceMs } = this.config;
    const verifier = new AccessTokenVerifier({
      issuer,
      audience,
      keys: this.keys,
      revocations: this.list,
      clockToleranceSeconds: clockToleranceMs / 1000,
      rememberedTokens: 0,
      now: () => +this.clock.now(),
    });
    try {
      // However old the list is: the database is asked afterwards.
      await verifier.verify(jwt, Infinity);
      return claims;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code === 'keys_unavailable' || error.code === 'revocations_stale') throw error;
      return undefined;
    }
  }
}

/** What a JWT claims to say. True only of one that is verified afterwards. */
function readUnverified(jwt: string): AccessTokenClaims | undefined {
  try {
    const payload = Buffer.from(jwt.split('.', 2)[1] ?? '', 'base64url');
    return (JSON.parse(payload.toString()) ?? undefined) as AccessTokenClaims | undefined;
  } catch {
    return undefined;
  }
}
