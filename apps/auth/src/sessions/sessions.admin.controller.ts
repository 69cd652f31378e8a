import { CurrentPrincipal, type Principal } from '@jwt-auth/jwt-core';
import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../admin-controller.decorator.js';
import { ByCaller, type DoneBy } from '../audit/origin.js';
import { SessionsAdminService } from './sessions.admin.service.js';
import { sessionAnswer, SessionList } from './sessions.schema.js';

@AdminController('users/:id/sessions')
export class SessionsAdminController {
  constructor(private readonly sessions: SessionsAdminService) {}

  @Get()
  @ApiOperation({ summary: 'The living sessions of a user, the last used first' })
  @ApiOkResponse({ standardSchema: SessionList })
  async list(
    @Param('id') userId: string,
    @CurrentPrincipal() { sessionId }: Principal,
  ): Promise<SessionList> {
    const sessions = await this.sessions.list(userId);
    return sessions.map((session) => sessionAnswer(session, sessionId));
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'End all sessions of a user' })
  @ApiNoContentResponse()
  async endAll(@Param('id') userId: string, @ByCaller() by: DoneBy): Promise<void> {
    await this.sessions.endAll(userId, by);
  }

  @Delete(':sid')
  @HttpCode(204)
  @ApiOperation({ summary: 'End one session of a user' })
  @ApiNoContentResponse()
  end(
    @Param('id') userId: string,
    @Param('sid') sessionId: string,
    @ByCaller() by: DoneBy,
  ): Promise<void> {
    return this.sessions.end(userId, sessionId, by);
  }
}
