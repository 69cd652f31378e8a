import { JwtGuard, Public } from '@jwt-auth/jwt-core';
import { Body, Controller, Header, HttpCode, Post, Put, Req, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { SessionStarting } from '../sessions/session-starting.js';
import { TokenResponse } from '../sessions/sessions.schema.js';
import { CurrentPerson, type Person } from '../users/current-person.decorator.js';
import type { KnownUser } from '../users/known-user.js';
import { LoginGuard } from './login.guard.js';
import { LoginRequest, PasswordChange } from './login.schema.js';
import { PasswordChanging } from './password-changing.js';

@ApiTags('sessions')
@Controller('auth')
export class LoginController {
  constructor(
    private readonly sessionStarting: SessionStarting,
    private readonly passwordChanging: PasswordChanging,
  ) {}

  @Post('login')
  @Public()
  @UseGuards(LoginGuard)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Begin a session' })
  @ApiOkResponse({ standardSchema: TokenResponse })
  login(
    @Body({ schema: LoginRequest }) { scope, token_format: format }: LoginRequest,
    @Req() { user }: { user: KnownUser },
    @RequestOrigin() origin: Origin,
  ): Promise<TokenResponse> {
    return this.sessionStarting.start(user, { scope, format }, origin);
  }

  @Put('password')
  @UseGuards(JwtGuard)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Change my password, and end all my other sessions' })
  @ApiNoContentResponse()
  changePassword(
    @Body({ schema: PasswordChange }) { currentPassword, newPassword }: PasswordChange,
    @CurrentPerson() person: Person,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.passwordChanging.change(person, currentPassword, newPassword, origin);
  }
}
