import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { AccessModel } from '../access/access-model.js';
import { AccessModelError } from '../access/access.errors.js';
import { scopesWithin } from '../access/issuing-terms.js';
import type { Origin } from '../audit/origin.js';
import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import { audiencesOf, type Client } from '../clients/client.entity.js';
import { Config } from '../config.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { bodyAnswer, type TokenResponse } from '../sessions/sessions.schema.js';
import type { TokenRequest } from '../tokens/token-request.schema.js';
import { TokenIssuer } from '../tokens/token-issuer.js';
import { demandGrant } from './callers.js';
import { OAuthError } from './oauth.errors.js';
import type { OAuthTokens } from './oauth.schema.js';

/** The grants of the token endpoint. */
@Injectable()
export class TokenGrantService {
  constructor(
    private readonly clients: ClientAuthenticationService,
    private readonly accessModel: AccessModel,
    private readonly issuer: TokenIssuer,
    private readonly refreshing: RefreshService,
    private readonly config: Config,
  ) {}

  /**
   * A token for the client itself (RFC 6749 section 4.4), for all its audiences and with all its scopes
   * there, unless it asks for some.
   *
   * @throws OAuthError `unauthorized_client`, `invalid_scope`, `invalid_client`; AccessModelError
   *   `invalid_target`
   */
  async clientCredentials(
    { id }: Client,
    { token_format: format, scope, resource }: TokenRequest,
  ): Promise<OAuthTokens> {
    const issue = async (manager: EntityManager, client: Client): Promise<OAuthTokens> => {
      // It may have lost the grant since it was authenticated.
      demandGrant(client, 'client_credentials');
      const audiences = audiencesWithin(audiencesOf(client, this.config.audience), resource);
      const terms = await this.accessModel.terms(manager, { clientId: id, audiences });
      const allowed = client.scopes.filter((each) => terms.scopes.has(each));
      const scopes = scopesWithin(allowed, scope);
      if (!scopes) {
        throw new OAuthError('invalid_scope', 'The client may not have all of these scopes');
      }
      const access = await this.issuer.issue(manager, {
        terms,
        subject: id,
        clientId: id,
        scopes,
        roles: [],
        format,
        claims: client.claims,
      });
      return {
        access_token: access.token,
        token_type: 'Bearer',
        expires_in: access.expiresInSeconds,
        scope: scopes.join(' '),
      };
    };
    const tokens = await this.issuer.transaction((manager) =>
      this.clients.whileEnabled(manager, id, (client) => issue(manager, client)),
    );
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
    request: TokenRequest,
    origin: Origin,
  ): Promise<TokenResponse> {
    if (client) demandGrant(client, 'refresh_token');
    return bodyAnswer(await this.refreshing.refresh(refreshToken, origin, request));
  }
}

/** @throws AccessModelError `invalid_target` */
function audiencesWithin(
  allowed: readonly string[],
  resource: string | undefined,
): readonly string[] {
  if (resource === undefined) return allowed;
  if (allowed.includes(resource)) return [resource];
  throw new AccessModelError('invalid_target', 'The client has no such resource');
}
