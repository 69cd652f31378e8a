import { CurrentPrincipal, JwtGuard, Public, type Principal } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { RequestOrigin, type Origin } from '../audit/origin.js';
import { Me, RegisteredUser, RegisterRequest } from './users.schema.js';
import { UsersService } from './users.service.js';

@ApiTags('people')
@Controller('auth')
@UseGuards(JwtGuard)
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post('register')
  @Public()
  @ApiOperation({ summary: 'Make an account' })
  @ApiCreatedResponse({ standardSchema: RegisteredUser })
  async register(
    @Body({ schema: RegisterRequest }) { email, password }: RegisterRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<RegisteredUser> {
    const { id, roles, createdAt } = await this.users.register(email, password, origin);
    return { id, email, roles, createdAt: createdAt.toISOString() };
  }

  @Get('me')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who I am, and what this token may do' })
  @ApiOkResponse({ standardSchema: Me })
  async me(@CurrentPrincipal() caller: Principal): Promise<Me> {
    const { id, email } = await this.users.get(caller.subject);
    const { roles, scopes, sessionId } = caller;
    return { id, email, roles: [...roles], scope: scopes.join(' '), sessionId };
  }
}
