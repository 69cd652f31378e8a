import { JwtGuard, Public, RequireScopes } from '@jwt-auth/jwt-core';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { ACCOUNT_SCOPE } from '../access/built-in.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import { RefreshService } from './refresh.service.js';
import {
  RefreshRequest,
  sessionAnswer,
  SessionId,
  SessionList,
  TokenResponse,
} from './sessions.schema.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('sessions')
@Controller('auth')
@UseGuards(JwtGuard)
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly refreshing: RefreshService,
  ) {}

  @Post('refresh')
  @Public()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Exchange a refresh token for the next pair of tokens' })
  @ApiOkResponse({ standardSchema: TokenResponse })
  refresh(
    @Body({ schema: RefreshRequest })
    { refresh_token: token, scope, resource, token_format: format }: RefreshRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<TokenResponse> {
    return this.refreshing.refresh(token, origin, { scope, resource, format });
  }

  @Post('logout')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End this session' })
  @ApiNoContentResponse()
  logout(
    @CurrentUser() { userId, sessionId }: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.sessions.logout(userId, sessionId, origin);
  }

  @Post('logout-everywhere')
  @RequireScopes(ACCOUNT_SCOPE)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End all my sessions' })
  @ApiNoContentResponse()
  logoutEverywhere(
    @CurrentUser() { userId }: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.sessions.logoutEverywhere(userId, origin);
  }

  @Get('sessions')
  @RequireScopes(ACCOUNT_SCOPE)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'My living sessions, the last used first' })
  @ApiOkResponse({ standardSchema: SessionList })
  async list(@CurrentUser() { userId, sessionId }: SessionUser): Promise<SessionList> {
    const sessions = await this.sessions.list(userId);
    return sessions.map((session) => sessionAnswer(session, sessionId));
  }

  @Delete('sessions/:id')
  @RequireScopes(ACCOUNT_SCOPE)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End one of my sessions' })
  @ApiNoContentResponse()
  delete(
    @Param('id', { schema: SessionId }) id: string,
    @CurrentUser() { userId }: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.sessions.delete(userId, id, origin);
  }
}
