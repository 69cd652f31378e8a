import { callerAddress, networkOf, RouteOptions } from '@jwt-auth/chassis';
import { MAX_WAIT_SECONDS, Public, type Revocation } from '@jwt-auth/jwt-core';
import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RevocationFeed } from './revocation-feed.js';
import { RevocationPage } from './revocations.schema.js';

@ApiTags('discovery')
@Controller('revocations')
export class RevocationsController {
  /** The JSON of entries, once for all readers of a page. */
  private readonly written = new WeakMap<readonly Revocation[], string>();

  constructor(private readonly feed: RevocationFeed) {}

  @Get()
  @Public()
  // Each service sends one every few seconds. Any text that is no cursor gets a snapshot.
  @RouteOptions({ isRoutine: true, takesAnyQuery: true })
  @Header('cache-control', 'no-store')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'What was revoked since a cursor; waits when there is nothing new' })
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
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const batch = await this.feed.read(after, {
      waitSeconds: waitSeconds(wait),
      signal: connectionEnd(request, reply),
      caller: networkOf(callerAddress(request)),
    });
    const { cursor, reset, more, jwks, ageMs, expiredBefore, entries } = batch;
    const answer = { cursor, reset, more, jwks };
    const members = JSON.stringify(
      details === 'true' ? { ...answer, ageMs, expiredBefore } : answer,
    );
    return `${members.slice(0, -1)},"entries":${this.write(entries)}}`;
  }

  /** Not through a schema: thousands of entries would hold up all other requests. */
  private write(entries: readonly Revocation[]): string {
    const text = this.written.get(entries) ?? JSON.stringify(entries);
    this.written.set(entries, text);
    return text;
  }
}

/** Anything that is not a number of seconds gets an answer at once. */
function waitSeconds(wait: unknown): number {
  const seconds = typeof wait === 'string' ? Number(wait) : NaN;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS);
}

/**
 * Aborts when the connection has ended, so that nothing waits for it. A pipelined answer whose turn
 * has not come learns that from the socket alone.
 */
function connectionEnd({ raw: { socket } }: FastifyRequest, { raw }: FastifyReply): AbortSignal {
  const ended = new AbortController();
  const abort = (): void => ended.abort();
  socket.once('close', abort);
  raw.once('close', () => {
    socket.off('close', abort);
    abort();
  });
  if (socket.destroyed) abort();
  return ended.signal;
}
