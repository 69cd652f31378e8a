import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';

import { METRICS_OPTIONS, type MetricsOptions } from './metrics.options.js';
import { MetricsServer } from './metrics-server.js';
import { requestDurations } from './request-durations.js';

/** Measures, where an operator has asked for it, from the first request to the last. */
@Injectable()
export class Metrics implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Metrics.name);
  private server: MetricsServer | undefined;

  constructor(
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const { address, sources } = this.options;
    if (!address) return;
    const registry = new Registry();
    const http = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    collectDefaultMetrics({ register: registry });
    for (const addTo of [requestDurations(http), ...sources]) addTo(registry);
    this.server = new MetricsServer(registry, address);
  }

  /** @throws Error with the `code` `EADDRINUSE` when another process listens there */
  async onApplicationBootstrap(): Promise<void> {
    if (this.server) this.logger.log('Serving metrics', await this.server.listen());
  }

  /** When the last request has been answered: a shutdown can be watched, too. */
  onApplicationShutdown(): void {
    this.server?.close();
  }
}
