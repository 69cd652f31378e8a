import { Public } from '@jwt-auth/jwt-core';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { audiencesOf } from '../clients/client.entity.js';
import { Config } from '../config.js';
import { IssuedTokens } from '../tokens/issued-tokens.js';
import { TokenFormat, type TokenRequest } from '../tokens/token-request.schema.js';
import { Callers, demandGrant } from './callers.js';
import { FormBody, required, type Form } from './forms.js';
import { OAuthError } from './oauth.errors.js';
import {
  ApiOAuthErrors,
  formSchema,
  Introspection,
  OAuthTokens,
  PRESENTED_TOKEN_FORM,
  TOKEN_FORM,
} from './oauth.schema.js';
import { TokenGrantService } from './token-grant.service.js';
import { TokenRevocationService } from './token-revocation.service.js';

/** The token endpoint (RFC 6749 section 3.2). */
@ApiTags('oauth')
@ApiOAuthErrors()
@Controller('oauth')
export class TokenController {
  constructor(
    private readonly callers: Callers,
    private readonly granting: TokenGrantService,
  ) {}

  @Post('token')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Header('pragma', 'no-cache')
  @ApiOperation({ summary: 'Tokens for client_credentials or a refresh_token' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: formSchema(TOKEN_FORM) })
  @ApiOkResponse({ standardSchema: OAuthTokens })
  async token(
    @FormBody(TOKEN_FORM) form: Form,
    @Req() request: FastifyRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<OAuthTokens> {
    switch (required(form, 'grant_type')) {
      case 'client_credentials': {
        const client = await this.callers.demand(request, form);
        return this.granting.clientCredentials(client, requestedToken(form));
      }
      case 'refresh_token': {
        const client = await this.callers.identify(request, form);
        const token = required(form, 'refresh_token');
        return this.granting.refresh(client, token, requestedToken(form), origin);
      }
      default:
        throw new OAuthError('unsupported_grant_type', 'There is no such grant here');
    }
  }
}

function requestedToken(form: Form): TokenRequest {
  return {
    token_format: requestedFormat(form),
    scope: form.get('scope'),
    resource: form.get('resource'),
  };
}

/** @throws OAuthError `invalid_request` for a format that does not exist */
function requestedFormat(form: Form): TokenFormat | undefined {
  const { success, data: format } = TokenFormat.optional().safeParse(form.get('token_format'));
  if (success) return format;
  const formats = TokenFormat.options.join(' or ');
  throw new OAuthError('invalid_request', `token_format must be ${formats}`);
}

/** The introspection endpoint (RFC 7662). */
@ApiTags('oauth')
@ApiOAuthErrors()
@Controller('oauth')
export class IntrospectionController {
  constructor(
    private readonly callers: Callers,
    private readonly tokens: IssuedTokens,
    private readonly config: Config,
  ) {}

  @Post('introspect')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What a token is worth now, for clients that may ask' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: formSchema(PRESENTED_TOKEN_FORM) })
  @ApiOkResponse({ standardSchema: Introspection })
  async introspect(
    @FormBody(PRESENTED_TOKEN_FORM) form: Form,
    @Req() request: FastifyRequest,
  ): Promise<Introspection> {
    const client = await this.callers.demand(request, form);
    demandGrant(client, 'introspect', 403);
    return this.describe(required(form, 'token'), audiencesOf(client, this.config.audience));
  }

  /**
   * Refresh tokens are worth nothing here: a service could take one for an access token. And so are
   * tokens for others, which are not for this client to know (RFC 7662 section 4).
   */
  private async describe(token: string, audiences: readonly string[]): Promise<Introspection> {
    const claims = await this.tokens.find(token);
    const isForClient = [claims?.aud ?? []].flat().some((audience) => audiences.includes(audience));
    if (!claims || !isForClient) return { active: false };
    return { active: true, token_type: 'Bearer', ...claims };
  }
}

/** The revocation endpoint (RFC 7009). */
@ApiTags('oauth')
@ApiOAuthErrors()
@Controller('oauth')
export class RevocationController {
  constructor(
    private readonly callers: Callers,
    private readonly revoking: TokenRevocationService,
  ) {}

  @Post('revoke')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'End a token. One that nobody knows is ended already' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: formSchema(PRESENTED_TOKEN_FORM) })
  @ApiOkResponse()
  async revoke(
    @FormBody(PRESENTED_TOKEN_FORM) form: Form,
    @Req() request: FastifyRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    const client = await this.callers.identify(request, form);
    await this.revoking.revoke(required(form, 'token'), client, origin);
  }
}
