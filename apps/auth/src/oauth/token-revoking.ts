import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import type { Client } from '../clients/client.entity.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { WEB_CLIENT } from '../sessions/token-pairs.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { IssuedTokens } from '../tokens/issued-tokens.js';
import { OAuthError } from './oauth-error.js';

/** Ends tokens on behalf of whoever holds them (RFC 7009). */
@Injectable()
export class TokenRevoking {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokens: IssuedTokens,
    private readonly revocations: RevocationsService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
  ) {}

  /**
   * An access token dies by itself, a refresh token with its session. One that is neither is dead
   * already. Tokens of people are ended by whoever holds them, as they were issued to a public
   * client; those of another client only by that client.
   *
   * @throws OAuthError `unauthorized_client`
   */
  async revoke(token: string, client: Client | undefined, origin: Origin): Promise<void> {
    const claims = await this.tokens.find(token);
    if (!claims) return this.sessions.endByRefreshToken(token, client?.id ?? null, origin);
    if (claims.client_id !== WEB_CLIENT && claims.client_id !== client?.id) {
      throw new OAuthError('unauthorized_client', 'The token was issued to another client');
    }
    return this.revokeAccess(claims, client, origin);
  }

  private async revokeAccess(
    { jti, exp, sub }: AccessTokenClaims,
    client: Client | undefined,
    origin: Origin,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.revocations.revoke(manager, [{ kind: 'jti', id: jti, exp }]);
      await this.audit.record(manager, {
        action: 'token.revoked',
        // Without a client the caller is anyone who holds the token: not always its user.
        actor: client?.id ?? null,
        subject: jti,
        origin,
        detail: { userId: sub },
      });
    });
  }
}
