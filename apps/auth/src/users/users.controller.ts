import {
  CurrentPrincipal,
  JwtGuard,
  Public,
  RequireScopes,
  type Principal,
} from '@jwt-auth/jwt-core';
import { Body, Controller, Get, HttpCode, Post, Put, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import type { FastifyReply } from 'fastify';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { CurrentUser, type SessionUser } from './current-user.decorator.js';
import { PasswordChangeService } from './password-change.service.js';
import {
  Me,
  PasswordChange,
  RegisteredUser,
  RegisterRequest,
  RegistrationPending,
} from './users.schema.js';
import { UsersService } from './users.service.js';

@ApiTags('users')
@Controller('auth')
@UseGuards(JwtGuard)
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly passwordChange: PasswordChangeService,
  ) {}

  @Post('register')
  @Public()
  @ApiOperation({ summary: 'Register' })
  @ApiCreatedResponse({ standardSchema: RegisteredUser })
  @ApiAcceptedResponse({
    standardSchema: RegistrationPending,
    description: 'Where the e-mail has to be verified first: the same if it has an account',
  })
  async register(
    @Body({ schema: RegisterRequest }) { email, password }: RegisterRequest,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisteredUser | object> {
    const user = await this.users.register(email, password, origin);
    if (!user) {
      reply.status(202);
      return {};
    }
    const { id, roles, createdAt } = user;
    return { id, email, roles, createdAt: createdAt.toISOString() };
  }

  @Get('me')
  @RequireScopes(ACCOUNT_SCOPE)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'The current user, and what this token allows' })
  @ApiOkResponse({ standardSchema: Me })
  async me(@CurrentPrincipal() caller: Principal): Promise<Me> {
    const { id, email, emailVerifiedAt } = await this.users.get(caller.subject);
    const { roles, scopes, sessionId } = caller;
    const emailVerified = emailVerifiedAt !== null;
    return { id, email, roles: [...roles], scope: scopes.join(' '), sessionId, emailVerified };
  }

  @Put('password')
  @RequireScopes(ACCOUNT_SCOPE)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Change the password, and end all other sessions' })
  @ApiNoContentResponse()
  changePassword(
    @Body({ schema: PasswordChange }) request: PasswordChange,
    @CurrentUser() user: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.passwordChange.change(user, request, origin);
  }
}
