import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { HEALTH_OPTIONS, type HealthOptions } from './health.options.js';
import { findUnreadiness } from './readiness.js';

/** Well below the time that probes wait. */
const CHECK_TIMEOUT_MS = 2_000;

/** What an orchestrator asks: shall the process be restarted, may it get requests. */
@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(@Inject(HEALTH_OPTIONS) private readonly options: HealthOptions) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs' })
  live() {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether it may be sent requests; 503 names what is missing' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const missing = await findUnreadiness(this.options.checks, CHECK_TIMEOUT_MS);
    if (missing.length === 0) return { status: 'ready' };
    reply.status(503).header('retry-after', '1').type('application/problem+json');
    return {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      code: 'not_ready',
      detail: `Not ready: ${missing.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`,
      errors: missing.map(({ name, reason }) => ({ path: name, message: reason })),
    };
  }
}
