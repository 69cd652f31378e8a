import { Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { PasskeyOptions } from '../factors/passkey.schema.js';
import { PasskeysService } from '../factors/passkeys.service.js';
import { ApiCrossSiteRefusal } from './cookie-requests.js';
import { OwnPages } from './own-pages.js';
import { PasskeyLoginRequest } from './login.schema.js';
import { PasskeyLoginService } from './passkey-login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SessionResponse } from './sessions.schema.js';

@ApiTags('sessions')
@Controller('auth/login/passkey')
@Public()
export class PasskeyLoginController {
  constructor(
    private readonly passkeys: PasskeysService,
    private readonly logins: PasskeyLoginService,
    private readonly pages: OwnPages,
    private readonly cookie: RefreshCookie,
  ) {}

  @Post('options')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'What a browser needs to log in with a passkey alone' })
  @ApiOkResponse({ standardSchema: PasskeyOptions })
  options(@RequestOrigin() origin: Origin): Promise<PasskeyOptions> {
    return this.passkeys.loginOptions(origin);
  }

  @Post()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Start a session with a passkey' })
  @ApiOkResponse({ standardSchema: SessionResponse })
  @ApiCrossSiteRefusal()
  async login(
    @Body({ schema: PasskeyLoginRequest })
    { passkey, delivery, ...tokenRequest }: PasskeyLoginRequest,
    @RequestOrigin() origin: Origin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    const isCookie = delivery === 'cookie';
    if (isCookie) this.pages.demandOwnOrNone(request);
    const tokens = await this.logins.login(passkey, tokenRequest, origin);
    return isCookie ? this.cookie.deliver(reply, tokens) : tokens;
  }
}
