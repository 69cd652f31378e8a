import { Public } from '@jwt-auth/jwt-core';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { Callers } from './callers.js';
import { FormBody, required, type Form } from './forms.js';
import { ApiOAuthErrors, formSchema, PRESENTED_TOKEN_FORM } from './oauth.schema.js';
import { TokenRevocationService } from './token-revocation.service.js';

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
