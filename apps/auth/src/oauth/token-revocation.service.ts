import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import type { Origin } from '../audit/origin.js';
import type { Client } from '../clients/client.entity.js';
import { RevocationsService } from '../revocations/revocations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { WEB_CLIENT } from '../sessions/token-pairs.js';
import type { AccessTokenClaims } from '../tokens/claims.js';
import { IssuedTokens } from '../tokens/issued-tokens.js';
import { OAuthError } from './oauth.errors.js';

/** Token revocation (RFC 7009). */
@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokens: IssuedTokens,
    private readonly revocations: RevocationsService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Revokes an access token, or the session of a refresh token. Of a token that is neither there is
   * nothing to do. A client revokes only what was issued to it (RFC 7009 section 2.1).
   *
   * @param client `undefined`: a caller without credentials, as the public client `web` is
   * @throws OAuthError `unauthorized_client`
   */
  async revoke(token: string, client: Client | undefined, origin: Origin): Promise<void> {
    const claims = await this.tokens.findRevocable(token);
    if (claims) {
      demandIssuedTo(client, claims.client_id);
      return this.revokeAccess(claims, client, origin);
    }
    const session = await this.sessions.ofRefreshToken(token);
    if (!session) return;
    demandIssuedTo(client, WEB_CLIENT);
    await this.sessions.logout(session, { actor: client?.id ?? null, origin });
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

/**
 * Tokens of users are issued to the public client `web`: any caller without credentials may revoke
 * one that it holds, and a client that is registered to refresh in the place of `web`.
 *
 * @throws OAuthError `unauthorized_client`
 */
function demandIssuedTo(client: Client | undefined, issuedTo: string): void {
  const isOwn =
    issuedTo === WEB_CLIENT
      ? !client || client.grants.includes('refresh_token')
      : issuedTo === client?.id;
  if (!isOwn) throw new OAuthError('unauthorized_client', 'The token was issued to another client');
}
