import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

import type { ListenAddress } from '../settings/addresses.js';
import type { MetricSource } from './metric-source.js';
import { serveMetrics } from './metrics-server.js';
import { requestDurations } from './request-durations.js';

export interface MetricsOptions {
  /** Where the server of `GET /metrics` listens. `undefined`: nothing is measured. */
  readonly address: ListenAddress | undefined;
  /** The metrics of the app, in addition to those of every service. */
  readonly sources: readonly MetricSource[];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<MetricsOptions>().setClassMethodName('forRoot').build();

/** Measures from the first request to the last, if an address is set. */
@Injectable()
export class Metrics implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Metrics.name);
  private readonly registry = new Registry();
  private server: Server | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: MetricsOptions,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const { address, sources } = this.options;
    if (!address) return;
    const http = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    collectDefaultMetrics({ register: this.registry });
    for (const addTo of [requestDurations(http), ...sources]) addTo(this.registry);
  }

  /** @throws Error with the `code` `EADDRINUSE` when another process listens there */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.options.address) return;
    this.server = await serveMetrics(this.registry, this.options.address, this.logger);
    const { address, port } = this.server.address() as AddressInfo;
    this.logger.log('Serving metrics', { 'server.address': address, 'server.port': port });
  }

  /** After the last request was answered, so that metrics show the shutdown, too. */
  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

/**
 * `GET /metrics` for Prometheus, on a listener of its own, never on the public port. It exposes the
 * metrics of the process, of its requests, and the sources of the app.
 */
@Module({ providers: [Metrics] })
export class MetricsModule extends ConfigurableModuleClass {}
