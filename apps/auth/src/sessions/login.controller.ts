import { Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import type { User } from '../users/user.entity.js';
import { ApiCrossSiteRefusal } from './cookie-requests.js';
import { LoginGuard } from './login.guard.js';
import { LoginRequest } from './login.schema.js';
import { MfaLoginService } from './mfa-login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SessionStartService } from './session-start.service.js';
import { LoginResponse } from './sessions.schema.js';

@ApiTags('sessions')
@Controller('auth')
export class LoginController {
  constructor(
    private readonly sessionStarting: SessionStartService,
    private readonly mfaLogins: MfaLoginService,
    private readonly cookie: RefreshCookie,
  ) {}

  @Post('login')
  @Public()
  @UseGuards(LoginGuard)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Start a session, or get a ticket for the second step of the login' })
  @ApiOkResponse({ standardSchema: LoginResponse })
  @ApiCrossSiteRefusal()
  async login(
    @Body({ schema: LoginRequest }) login: LoginRequest,
    @Req() { user }: { user: User },
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LoginResponse> {
    if (user.hasSecondFactor) return this.mfaLogins.demand(user, login);
    const tokens = await this.sessionStarting.start(user, login, origin);
    return login.delivery === 'cookie' ? this.cookie.deliver(reply, tokens) : tokens;
  }
}
