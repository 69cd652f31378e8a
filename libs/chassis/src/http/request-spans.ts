import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { callerAddress } from './caller-address.js';
import { isProbe } from './request-log.js';
import { openContext } from '../context/request-context.js';
import { failSpan } from '../tracing/spans.js';
import { parentOf } from '../context/trace-context.js';

/** The methods that OpenTelemetry knows. Callers can send others, any number of them. */
const METHODS = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
]);

/**
 * Makes a span of each request, which continues the trace of its caller, by OpenTelemetry's semantic
 * conventions for HTTP servers. Without the path, which may hold secrets. Probes get none.
 */
export function traceRequests(server: FastifyInstance, tracer: Tracer): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (isProbe(request)) return done();
    const span = startRequestSpan(tracer, request);
    openContext(request, span);
    // Not `onResponse`, which never comes if the caller hangs up before there is an answer.
    reply.raw.once('close', () => endRequestSpan(span, reply));
    done();
  });
}

function startRequestSpan(tracer: Tracer, request: FastifyRequest) {
  const method = METHODS.has(request.method) ? request.method : '_OTHER';
  const { url: route } = request.routeOptions;
  const name = route === undefined ? methodName(method) : `${methodName(method)} ${route}`;
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'url.scheme': request.protocol,
    'network.protocol.version': request.raw.httpVersion,
    'client.address': callerAddress(request),
  };
  return tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, callerContext(request));
}

/** The conventions name a span of an unknown method by `HTTP`. */
const methodName = (method: string): string => (method === '_OTHER' ? 'HTTP' : method);

function callerContext({ headers }: FastifyRequest): Context {
  const parent = parentOf(headers);
  if (!parent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: Number.parseInt(parent.flags, 16) & TraceFlags.SAMPLED,
    ...(parent.state !== undefined && { traceState: createTraceState(parent.state) }),
    isRemote: true,
  });
}

function endRequestSpan(span: Span, reply: FastifyReply): void {
  // Else the caller has hung up, and got no status or not all of the answer.
  if (reply.raw.writableFinished) {
    span.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) failSpan(span, reply.statusCode);
  }
  span.end();
}
