import { Public } from '@jwt-auth/jwt-core';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { TokenFormat, type TokenRequest } from '../tokens/token-request.schema.js';
import { Callers } from './callers.js';
import { FormBody, required, type Form } from './forms.js';
import { OAuthError } from './oauth.errors.js';
import { ApiOAuthErrors, formSchema, OAuthTokens, TOKEN_FORM } from './oauth.schema.js';
import { TokenGrantService } from './token-grant.service.js';

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
