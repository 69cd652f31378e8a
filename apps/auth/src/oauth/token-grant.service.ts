import { Injectable } from '@nestjs/common';

import type { Origin } from '../audit/origin.js';
import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import { audiencesOf, type Client, type ClientGrant } from '../clients/client.entity.js';
import { Config } from '../config.js';
import { RefreshService, type RefreshOptions } from '../sessions/refresh.service.js';
import type { TokenResponse } from '../sessions/sessions.schema.js';
import type { TokenFormat } from '../tokens/token-format.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { OAuthError } from './oauth.errors.js';
import type { OAuthTokens } from './oauth.schema.js';

/** The grants of the token endpoint. */
@Injectable()
export class TokenGrantService {
  constructor(
    private readonly clients: ClientAuthenticationService,
    private readonly issuer: TokenIssuer,
    private readonly refreshing: RefreshService,
    private readonly config: Config,
  ) {}

  /**
   * A token for the client itself (RFC 6749 section 4.4), with all its scopes unless it asks for some.
   *
   * @throws OAuthError `unauthorized_client`, `invalid_scope`, `invalid_client`
   */
  async clientCredentials(
    { id, grants }: Client,
    requestedScope: string | undefined,
    format: TokenFormat,
  ): Promise<OAuthTokens> {
    demandGrant(grants, 'client_credentials');
    const tokens = await this.clients.whileEnabled(id, async (client, manager) => {
      const scopes = scopesWithin(client.scopes, requestedScope);
      const access = await this.issuer.issue(manager, {
        ...{ subject: id, clientId: id, scopes, roles: [], format },
        claims: client.claims,
        audiences: audiencesOf(client, this.config.audience),
      });
      return {
        access_token: access.token,
        token_type: 'Bearer' as const,
        expires_in: access.expiresInSeconds,
        scope: scopes.join(' '),
      };
    });
    if (!tokens) throw new OAuthError('invalid_client', 'The client has just been disabled');
    return tokens;
  }

  /**
   * The next pair of a user's session (RFC 6749 section 6). For the public client `web`, whose
   * sessions they are, and for clients that are registered to refresh in its place.
   *
   * @throws OAuthError `unauthorized_client`; SessionsError as {@link RefreshService.refresh}
   */
  async refresh(
    client: Client | undefined,
    refreshToken: string,
    options: RefreshOptions,
    origin: Origin,
  ): Promise<TokenResponse> {
    if (client) demandGrant(client.grants, 'refresh_token');
    return this.refreshing.refresh(refreshToken, origin, options);
  }
}

/** @throws OAuthError `unauthorized_client` */
function demandGrant(grants: readonly ClientGrant[], grant: ClientGrant): void {
  if (grants.includes(grant)) return;
  throw new OAuthError('unauthorized_client', `The client is not registered for ${grant}`);
}

/** @throws OAuthError `invalid_scope` */
function scopesWithin(allowed: readonly string[], requested: string | undefined): string[] {
  if (requested === undefined) return [...allowed];
  const wanted = [...new Set(requested.split(' '))];
  if (wanted.every((scope) => allowed.includes(scope))) return wanted;
  throw new OAuthError('invalid_scope', 'The client may not have all of these scopes');
}
