import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { callerAddress } from './caller-address.js';
import { contextOf } from '../context/request-context.js';
import { traceFields } from '../context/trace-context.js';
import type { StructuredLogger } from '../logging/structured-logger.js';

/** Probes come every second, and their lines would hide the others. */
export const isProbe = (request: FastifyRequest): boolean =>
  request.routeOptions.url?.startsWith('/health/') === true;

/** A success on a route that machines call all the time. */
const isRoutine = (request: FastifyRequest, reply: FastifyReply): boolean =>
  request.routeOptions.config.isRoutine === true && reply.statusCode < 400;

/**
 * Logs a line for each request: method, the route's pattern, status, duration in seconds and the
 * caller's address, by the names that OpenTelemetry gives them. Path, query and headers are left out,
 * because they may contain secrets. `aborted`: the caller hung up before it had the whole answer.
 *
 * Added before any hook that answers: a preflight gets a line, too.
 */
export function logRequests(server: FastifyInstance, logger: StructuredLogger): void {
  server.addHook('onRequest', (request, reply, done) => {
    const beganAtMs = performance.now();
    // Not `onResponse`, which never comes if the caller hangs up before there is an answer.
    reply.raw.once('close', () => logRequest(logger, request, reply, beganAtMs));
    done();
  });
}

function logRequest(
  logger: StructuredLogger,
  request: FastifyRequest,
  reply: FastifyReply,
  beganAtMs: number,
): void {
  const isDebug = isProbe(request) || isRoutine(request, reply);
  if (isDebug && !logger.isLogged('debug')) return;
  const line = {
    requestId: request.id,
    ...traceFields(contextOf(request).trace),
    'http.request.method': request.method,
    'http.route': request.routeOptions.url,
    ...(reply.raw.headersSent && { 'http.response.status_code': reply.statusCode }),
    'http.server.request.duration': Math.round((performance.now() - beganAtMs) * 10) / 10_000,
    'client.address': callerAddress(request),
    ...(!reply.raw.writableFinished && { aborted: true }),
  };
  if (isDebug) logger.debug('request', line);
  else logger.log('request', line);
}
