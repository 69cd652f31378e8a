import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram } from 'prom-client';

import type { MetricSource } from './metrics.options.js';

/** From a guarded read to a login behind a queue, and to a long poll that waits. */
const BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** A parser takes some thirty methods, and callers would choose how many series there are. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * How long requests take, by method, status and the pattern of their route: a path has ids in it,
 * and a stranger can make up as many as they like. Requests whose caller hung up are left out: how
 * long they took says nothing of the service.
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
