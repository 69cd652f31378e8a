import { Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { ApiCrossSiteRefusal } from './cookie-requests.js';
import { MfaLoginRequest } from './login.schema.js';
import { MfaLoginService } from './mfa-login.service.js';
import { OwnPages } from './own-pages.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SessionResponse } from './sessions.schema.js';

@ApiTags('sessions')
@Controller('auth/login')
export class MfaLoginController {
  constructor(
    private readonly logins: MfaLoginService,
    private readonly pages: OwnPages,
    private readonly cookie: RefreshCookie,
  ) {}

  @Post('mfa')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The second step of a login: its ticket, and a second factor' })
  @ApiOkResponse({ standardSchema: SessionResponse })
  @ApiCrossSiteRefusal()
  async complete(
    @Body({ schema: MfaLoginRequest }) { ticket: presented, ...proof }: MfaLoginRequest,
    @RequestOrigin() origin: Origin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    const ticket = await this.logins.find(presented);
    const isCookie = ticket.request.delivery === 'cookie';
    if (isCookie) this.pages.demandOwnOrNone(request);
    const tokens = await this.logins.complete(ticket, proof, origin);
    return isCookie ? this.cookie.deliver(reply, tokens) : tokens;
  }
}
