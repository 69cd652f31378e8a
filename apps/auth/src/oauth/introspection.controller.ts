import { AccessTokenVerifier, Public } from '@jwt-auth/jwt-core';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { Callers } from './callers.js';
import { FormBody, required, type Form } from './forms.js';
import { OAuthError } from './oauth-error.js';
import { formSchema, Introspection } from './oauth.schema.js';
import { validPrincipal } from './valid-principal.js';

/** The introspection endpoint (RFC 7662). */
@ApiTags('oauth')
@Controller('oauth')
export class IntrospectionController {
  constructor(
    private readonly callers: Callers,
    private readonly verifier: AccessTokenVerifier,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  @Post('introspect')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What a token is worth now, for clients that may ask' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: formSchema(['token'], ['token_type_hint']) })
  @ApiOkResponse({ standardSchema: Introspection })
  async introspect(@FormBody() form: Form, @Req() request: FastifyRequest): Promise<Introspection> {
    const { grants } = await this.callers.demand(request, form);
    if (!grants.includes('introspect')) {
      const message = 'The client is not registered for introspect';
      throw new OAuthError('unauthorized_client', message, { status: 403 });
    }
    return this.describe(required(form, 'token'));
  }

  /** Refresh tokens are worth nothing here: a service could take one for an access token. */
  private async describe(token: string): Promise<Introspection> {
    const principal = await validPrincipal(this.verifier, token);
    // The issuer's own clock: no tolerance.
    if (!principal || principal.expiresAt <= this.clock.seconds()) return { active: false };
    const { subject, clientId, tokenId, sessionId, scopes, roles, claims } = principal;
    return {
      active: true,
      iss: this.config.issuer,
      sub: subject,
      aud: this.config.audience,
      client_id: clientId,
      token_type: 'Bearer',
      iat: principal.issuedAt,
      exp: principal.expiresAt,
      jti: tokenId,
      ...(sessionId !== undefined && { sid: sessionId }),
      scope: scopes.join(' '),
      roles: [...roles],
      ...(Object.keys(claims).length > 0 && { claims }),
    };
  }
}
