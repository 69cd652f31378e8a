import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Gauge, Histogram } from 'prom-client';
import type { DataSource } from 'typeorm';

import { poolOf } from '../database/database-pool.js';
import type { Build } from '../settings/service-settings.js';
import { gauge, type MetricSource } from './metric-source.js';

/** `build_info`, always 1: its labels say which program runs. */
export function buildMetrics({ version, commit }: Build): MetricSource {
  return (registry) => {
    const build = new Gauge({
      name: 'build_info',
      help: 'Always 1: the labels say which program runs',
      labelNames: ['version', 'commit'],
      registers: [registry],
    });
    build.set({ version, commit }, 1);
  };
}

/** How busy the connections to the database are. */
export function databasePoolMetrics(dataSource: DataSource): MetricSource {
  return (registry) => {
    const pool = () => poolOf(dataSource);
    new Gauge({
      name: 'database_pool_connections',
      help: 'Open connections of the pool',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const { idleCount, totalCount } = pool();
        this.set({ state: 'idle' }, idleCount);
        this.set({ state: 'in_use' }, totalCount - idleCount);
      },
    });
    gauge(
      registry,
      { name: 'database_pool_max_connections', help: 'As many as the pool may open' },
      () => pool().options.max,
    );
    gauge(
      registry,
      {
        name: 'database_pool_waiting',
        help: 'Queries and transactions that wait for a connection',
      },
      () => pool().waitingCount,
    );
  };
}

/** From a guarded read to a queued login and a long poll. */
const BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** The HTTP parser accepts some thirty methods: each would become a series that callers can make. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * How long requests take, by method, status and the pattern of their route. Paths would be any number
 * of series. Requests whose caller hung up are left out: their duration does not depend on the service.
 */
export function requestDurations(server: FastifyInstance): MetricSource {
  return (registry) => {
    const durations = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Duration of HTTP requests, until the last byte was handed to the system',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_SECONDS,
      registers: [registry],
    });
    server.addHook('onResponse', (request, reply, done) => {
      durations.observe(labelsOf(request, reply), reply.elapsedTime / 1000);
      done();
    });
  };
}

function labelsOf({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply) {
  return {
    method: METHODS.has(method) ? method : 'other',
    route: routeOptions.url ?? 'unmatched',
    status: statusCode,
  };
}
