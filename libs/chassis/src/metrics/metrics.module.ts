import {
  ConfigurableModuleBuilder,
  Inject,
  Injectable,
  Logger,
  Module,
  type LoggerService,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

import { LineLimiter } from '../logging/line-limiter.js';
import type { ListenAddress } from '../settings/addresses.js';
import type { MetricSource } from './metric-source.js';
import { requestDurations } from './service-metrics.js';

export interface MetricsOptions {
  /** Where the server of `GET /metrics` listens. `undefined`: nothing is measured. */
  readonly address: ListenAddress | undefined;
  /** The metrics of the app, in addition to those of every service. */
  readonly sources: readonly MetricSource[];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<MetricsOptions>().setClassMethodName('forRoot').build();

/** Scrapers come every few seconds. */
const FAILURE_LINE_MS = 60_000;

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

/**
 * Answers `GET /metrics` in the text format of Prometheus, and everything else with 404. Listens
 * when the promise resolves.
 *
 * @throws Error with a `code` of the system, as `EADDRINUSE`
 */
async function serveMetrics(
  registry: Registry,
  address: ListenAddress,
  logger: LoggerService,
): Promise<Server> {
  const failures = new LineLimiter(FAILURE_LINE_MS);

  async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    // Scrapers may add a query, which is ignored.
    if (url.split('?', 1)[0] !== '/metrics') return response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') {
      return response.writeHead(405, { allow: 'GET, HEAD' }).end();
    }
    try {
      const body = await registry.metrics();
      const headers = { 'content-type': registry.contentType, 'cache-control': 'no-store' };
      return response.writeHead(200, headers).end(body);
    } catch (error) {
      const suppressed = failures.admit(String(error));
      if (suppressed !== undefined) logger.error('Metrics cannot be read', { suppressed }, error);
      // A scraper would take a part of the metrics for all of them.
      return response.writeHead(500).end();
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(address);
  await once(server, 'listening');
  return server;
}
