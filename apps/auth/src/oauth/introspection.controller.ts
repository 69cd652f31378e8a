import { Public } from '@jwt-auth/jwt-core';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { audiencesOf } from '../clients/client.entity.js';
import { Config } from '../config.js';
import { IssuedTokens } from '../tokens/issued-tokens.js';
import { Callers, demandGrant } from './callers.js';
import { FormBody, required, type Form } from './forms.js';
import { ApiOAuthErrors, formSchema, Introspection, PRESENTED_TOKEN_FORM } from './oauth.schema.js';

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
