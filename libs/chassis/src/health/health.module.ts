import { Public } from '@jwt-auth/jwt-core';
import {
  ConfigurableModuleBuilder,
  Controller,
  Get,
  Inject,
  Logger,
  Module,
  Res,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { PROBLEM_JSON } from '../http/answers.js';
import { ApiProblem } from '../http/docs.js';
import type { Build } from '../settings/service-settings.js';
import {
  findUnreadiness,
  notReady,
  type ReadinessCheck,
  type Unreadiness,
} from '../readiness/readiness.js';

export interface HealthOptions {
  /** The service is ready when all of them pass. */
  readonly checks: readonly ReadinessCheck[];
  /** What operators should know although the service is ready. */
  readonly notes?: () => readonly string[];
  /** Which program runs. */
  readonly build: Build;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<HealthOptions>().setClassMethodName('forRoot').build();

const text = { type: 'string' } as const;

/** Documents an answer of these members, of which some may be absent. */
const ApiMembers = (properties: Record<string, object>, required: string[]): MethodDecorator =>
  ApiOkResponse({
    content: { 'application/json': { schema: { type: 'object', properties, required } } },
  });

/** Less than probes usually wait. */
const CHECK_TIMEOUT_MS = 2_000;

/** The probes of an orchestrator: restart the process, or send it no requests. */
@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  private readonly logger = new Logger('Readiness');
  private missed = '';

  constructor(@Inject(MODULE_OPTIONS_TOKEN) private readonly options: HealthOptions) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiMembers({ status: { enum: ['live'] } }, ['status'])
  live() {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether it can serve requests; 503 names what is missing' })
  @ApiMembers({ status: { enum: ['ready'] }, notes: { type: 'array', items: text } }, ['status'])
  @ApiProblem(503, '`not_ready`: what is missing is in `detail` and `errors`')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const missing = await findUnreadiness(this.options.checks, CHECK_TIMEOUT_MS);
    this.logChange(missing);
    if (missing.length === 0) {
      const notes = this.options.notes?.() ?? [];
      return { status: 'ready', ...(notes.length > 0 && { notes }) };
    }
    reply.status(503).header('retry-after', '1').type(PROBLEM_JSON);
    return notReady(missing);
  }

  /** Probes come every second: only what is new is logged. */
  private logChange(missing: readonly Unreadiness[]): void {
    const names = missing.map(({ name }) => name).join();
    if (names === this.missed) return;
    this.missed = names;
    if (missing.length > 0) this.logger.warn('Not ready', { missing });
    else this.logger.log('Ready again');
  }
}

@ApiTags('health')
@Public()
@Controller('version')
export class VersionController {
  constructor(@Inject(MODULE_OPTIONS_TOKEN) private readonly options: HealthOptions) {}

  @Get()
  @ApiOperation({ summary: 'Which program runs: its version, and the commit of its sources' })
  @ApiMembers({ version: text, commit: text }, ['version', 'commit'])
  version(): Build {
    const { version, commit } = this.options.build;
    return { version, commit };
  }
}

/** `GET /health/live`, `GET /health/ready` by the checks of the app, and `GET /version`. */
@Module({ controllers: [HealthController, VersionController] })
export class HealthModule extends ConfigurableModuleClass {}
