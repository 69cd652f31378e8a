import { RouteOptions } from '@jwt-auth/chassis';
import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { RevocationFeed } from './revocation-feed.js';
import { RevocationPage } from './revocations.schema.js';

const MAX_WAIT_SECONDS = 25;

@ApiTags('discovery')
@Controller('revocations')
export class RevocationsController {
  constructor(private readonly feed: RevocationFeed) {}

  @Get()
  @Public()
  // Each service asks every few seconds.
  @RouteOptions({ isRoutine: true })
  @Header('cache-control', 'no-store')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'What was revoked since a cursor; waits for news when there are none' })
  @ApiQuery({ name: 'after', required: false, type: String })
  @ApiQuery({
    name: 'wait',
    required: false,
    schema: { type: 'number', maximum: MAX_WAIT_SECONDS },
  })
  @ApiQuery({ name: 'details', required: false, enum: ['true'] })
  @ApiOkResponse({ standardSchema: RevocationPage })
  async read(
    @Query('after') after: unknown,
    @Query('wait') wait: unknown,
    @Query('details') details: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const batch = await this.feed.read(after, waitSeconds(wait), hangUp(reply));
    const { cursor, reset, more, jwks, ageMs, expiredBefore, entries } = batch;
    const answer = { cursor, reset, more, jwks, entries };
    // By itself: thousands of entries through a schema would hold up everyone else.
    return JSON.stringify(details === 'true' ? { ...answer, ageMs, expiredBefore } : answer);
  }
}

/** Anything that is not a number of seconds asks for an answer at once. */
function waitSeconds(wait: unknown): number {
  const seconds = typeof wait === 'string' ? Number(wait) : NaN;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS);
}

/** Aborts when the client has gone, so that nobody waits in its place. */
function hangUp({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
}
