import { Uuid } from '@jwt-auth/chassis';
import { JwtGuard, OptionalAuth, Public, RequireScopes, TokenError } from '@jwt-auth/jwt-core';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { ACCOUNT_SCOPE } from '../built-in-access.js';
import { RequestOrigin, type Origin } from '../audit/origin.js';
import { CurrentUser, type SessionUser } from '../users/current-user.decorator.js';
import { ApiCrossSiteRefusal, ReadsRefreshCookie } from './cookie-requests.js';
import { RefreshCookie } from './refresh-cookie.js';
import {
  ApiReceipt,
  WantedReceipt,
  type ReceiptRequest,
} from '../receipts/receipt-request.decorator.js';
import { RevocationReceipts } from '../revocations/revocation-receipts.js';
import { RevocationReceipt } from '../revocations/revocations.admin.schema.js';
import { RefreshService } from './refresh.service.js';
import { SessionsError } from './sessions.errors.js';
import {
  bodyAnswer,
  RefreshRequest,
  sessionAnswer,
  SessionList,
  SessionResponse,
} from './sessions.schema.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('sessions')
@Controller('auth')
@UseGuards(JwtGuard)
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly refreshing: RefreshService,
    private readonly cookie: RefreshCookie,
    private readonly receipts: RevocationReceipts,
  ) {}

  @Post('refresh')
  @Public()
  @ReadsRefreshCookie()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Exchange a refresh token for the next pair of tokens' })
  @ApiOkResponse({ standardSchema: SessionResponse })
  @ApiCrossSiteRefusal()
  async refresh(
    @Body({ schema: RefreshRequest })
    { refresh_token: token, ...tokenRequest }: RefreshRequest,
    @RequestOrigin() origin: Origin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    if (token !== undefined) {
      return bodyAnswer(await this.refreshing.refresh(token, origin, tokenRequest));
    }
    const kept = this.cookie.read(request);
    if (kept === undefined) throw new SessionsError('refresh_token_missing', 'No refresh token');
    return this.cookie.deliver(reply, await this.refreshing.refresh(kept, origin, tokenRequest));
  }

  @Post('logout')
  @OptionalAuth()
  @ReadsRefreshCookie()
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End this session, that of the access token or of the cookie' })
  @ApiReceipt()
  @ApiNoContentResponse()
  @ApiOkResponse({ standardSchema: RevocationReceipt })
  @ApiCrossSiteRefusal()
  async logout(
    @CurrentUser() user: SessionUser | undefined,
    @RequestOrigin() origin: Origin,
    @WantedReceipt() wanted: ReceiptRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevocationReceipt | undefined> {
    // A tossed cookie must not keep a caller with an access token from logging out. None of several is
    // cleared: the next refresh would take the foreign one, if that is left.
    const isUnclear = user !== undefined && this.cookie.isAmbiguous(request);
    const token = isUnclear ? undefined : this.cookie.read(request);
    if (!user && token === undefined) throw new TokenError('token_missing', 'neither is there');
    const inCookie = token === undefined ? undefined : await this.sessions.ofRefreshToken(token);
    const ended = [user, inCookie].filter((session) => session !== undefined);
    for (const session of ended) {
      await this.sessions.logout(session, { actor: session.userId, origin });
    }
    if (token !== undefined) this.cookie.clear(reply);
    const ids = ended.map(({ sessionId }) => sessionId);
    return this.receipts.answer(wanted, { kind: 'sid', ids });
  }

  @Post('logout-everywhere')
  @RequireScopes(ACCOUNT_SCOPE)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End all my sessions' })
  @ApiReceipt()
  @ApiNoContentResponse()
  @ApiOkResponse({ standardSchema: RevocationReceipt })
  async logoutEverywhere(
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
    @WantedReceipt() wanted: ReceiptRequest,
  ): Promise<RevocationReceipt | undefined> {
    const ended = await this.sessions.logoutEverywhere(caller, origin);
    // A concurrent logout may have ended, and published, that of the caller.
    return this.receipts.answer(wanted, { kind: 'sid', ids: [caller.sessionId, ...ended] });
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
    @Param('id', { schema: Uuid }) id: string,
    @CurrentUser() caller: SessionUser,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.sessions.delete(caller, id, origin);
  }
}
