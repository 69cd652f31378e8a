import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram } from 'prom-client';

import type { MetricSource } from './metric-source.js';

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
