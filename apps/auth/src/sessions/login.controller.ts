import { Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import type { User } from '../users/user.entity.js';
import { LoginGuard } from './login.guard.js';
import { LoginRequest } from './login.schema.js';
import { SessionStartService } from './session-start.service.js';
import { TokenResponse } from './sessions.schema.js';

@ApiTags('sessions')
@Controller('auth')
export class LoginController {
  constructor(private readonly sessionStarting: SessionStartService) {}

  @Post('login')
  @Public()
  @UseGuards(LoginGuard)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Start a session' })
  @ApiOkResponse({ standardSchema: TokenResponse })
  login(
    @Body({ schema: LoginRequest }) { scope, resource, token_format: format }: LoginRequest,
    @Req() { user }: { user: User },
    @RequestOrigin() origin: Origin,
  ): Promise<TokenResponse> {
    return this.sessionStarting.start(user, { scope, resource, format }, origin);
  }
}
