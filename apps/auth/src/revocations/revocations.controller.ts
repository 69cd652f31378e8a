import { callerAddress, connectionEnd, networkOf, RouteOptions } from '@jwt-auth/chassis';
import {
  FOLLOWER_NAME_FORM,
  MAX_WAIT_SECONDS,
  Public,
  RevocationSourceError,
  TokenError,
  type Revocation,
  type RevocationBatch,
} from '@jwt-auth/jwt-core';
import { PostgresRevocationSource, type PostgresReadOptions } from '@jwt-auth/jwt-core/postgres';
import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  type ApiQueryOptions,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { followerIn } from '../receipts/follower.js';
import { OwnFollowers } from '../receipts/own-followers.js';
import { RevocationPage } from './revocations.schema.js';

@ApiTags('discovery')
@Controller('revocations')
export class RevocationsController {
  /** The JSON of entries, once for all readers of a page. */
  private readonly written = new WeakMap<readonly Revocation[], string>();

  constructor(
    private readonly source: PostgresRevocationSource,
    private readonly followers: OwnFollowers,
  ) {}

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
  @ApiQuery(nameQuery('service', 'the name of the service that asks'))
  @ApiQuery(nameQuery('instance', 'one process of that service: at random, for each start'))
  @ApiQuery(nameQuery('version', 'what the process runs'))
  @ApiQuery({ name: 'leaving', required: false, enum: ['true'] })
  @ApiOkResponse({ standardSchema: RevocationPage })
  async read(
    @Query('after') after: unknown,
    @Query('wait') wait: unknown,
    @Query('details') details: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    // Several, say. What is no text is no cursor either.
    const cursorSent = typeof after === 'string' ? after : undefined;
    const batch = await this.readNoted(request, cursorSent, {
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

  /** By its cursor, a question shows what its follower has applied. */
  private async readNoted(
    { query }: FastifyRequest,
    after: string | undefined,
    options: PostgresReadOptions & { readonly caller: string },
  ): Promise<RevocationBatch> {
    const names = query as Readonly<Record<string, unknown>>;
    const follower = followerIn(names);
    if (follower === undefined) return this.readBatch(after, options);
    if (names.leaving === 'true') {
      this.followers.noteLeave(follower);
      return this.readBatch(after, options);
    }
    const position = after === undefined ? undefined : this.source.positionOf(after);
    const end = this.followers.noteQuestion(follower, position, options.caller);
    try {
      return await this.readBatch(after, options);
    } finally {
      end();
    }
  }

  private async readBatch(
    after: string | undefined,
    options: PostgresReadOptions,
  ): Promise<RevocationBatch> {
    try {
      return await this.source.read(after, options);
    } catch (cause) {
      if (!(cause instanceof RevocationSourceError)) throw cause;
      throw new TokenError('revocations_stale', 'The list cannot be read', { cause });
    }
  }

  /** Not through a schema: thousands of entries would hold up all other requests. */
  private write(entries: readonly Revocation[]): string {
    const text = this.written.get(entries) ?? JSON.stringify(entries);
    this.written.set(entries, text);
    return text;
  }
}

function nameQuery(name: string, description: string): ApiQueryOptions {
  return {
    name,
    required: false,
    type: String,
    description: `${description}: ${FOLLOWER_NAME_FORM}`,
  };
}

/** Anything that is not a number of seconds gets an answer at once. */
function waitSeconds(wait: unknown): number {
  const seconds = typeof wait === 'string' ? Number(wait) : NaN;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS);
}
