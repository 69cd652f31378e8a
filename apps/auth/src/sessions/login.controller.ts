import { Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { PasskeyOptions } from '../factors/passkey.schema.js';
import { PasskeysService } from '../factors/passkeys.service.js';
import type { User } from '../users/user.entity.js';
import { ApiCrossSiteRefusal, OwnPages } from './cookie-requests.js';
import { LoginGuard } from './login.guard.js';
import { LoginRequest, MfaLoginRequest, PasskeyLoginRequest } from './login.schema.js';
import { MfaLoginService } from './mfa-login.service.js';
import { PasskeyLoginService } from './passkey-login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SessionStartService } from './session-start.service.js';
import { bodyAnswer, LoginResponse, SessionResponse } from './sessions.schema.js';

/** Each way to start a session. */
@ApiTags('sessions')
@Controller('auth/login')
@Public()
export class LoginController {
  constructor(
    private readonly sessionStarting: SessionStartService,
    private readonly mfaLogins: MfaLoginService,
    private readonly passkeys: PasskeysService,
    private readonly passkeyLogins: PasskeyLoginService,
    private readonly pages: OwnPages,
    private readonly cookie: RefreshCookie,
  ) {}

  @Post()
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
    return login.delivery === 'cookie' ? this.cookie.deliver(reply, tokens) : bodyAnswer(tokens);
  }

  @Post('mfa')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The second step of a login: its ticket, and a second factor' })
  @ApiOkResponse({ standardSchema: SessionResponse })
  @ApiCrossSiteRefusal()
  async completeWithFactor(
    @Body({ schema: MfaLoginRequest }) { ticket: presented, ...proof }: MfaLoginRequest,
    @RequestOrigin() origin: Origin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    const ticket = await this.mfaLogins.find(presented);
    const isCookie = ticket.request.delivery === 'cookie';
    if (isCookie) this.pages.demandOwnOrNone(request);
    const tokens = await this.mfaLogins.complete(ticket, proof, origin);
    return isCookie ? this.cookie.deliver(reply, tokens) : bodyAnswer(tokens);
  }

  @Post('passkey/options')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What a browser needs to log in with a passkey alone' })
  @ApiOkResponse({ standardSchema: PasskeyOptions })
  passkeyOptions(@RequestOrigin() origin: Origin): Promise<PasskeyOptions> {
    return this.passkeys.loginOptions(origin);
  }

  @Post('passkey')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Start a session with a passkey' })
  @ApiOkResponse({ standardSchema: SessionResponse })
  @ApiCrossSiteRefusal()
  async loginWithPasskey(
    @Body({ schema: PasskeyLoginRequest })
    { passkey, delivery, ...tokenRequest }: PasskeyLoginRequest,
    @RequestOrigin() origin: Origin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    const isCookie = delivery === 'cookie';
    if (isCookie) this.pages.demandOwnOrNone(request);
    const tokens = await this.passkeyLogins.login(passkey, tokenRequest, origin);
    return isCookie ? this.cookie.deliver(reply, tokens) : bodyAnswer(tokens);
  }
}
