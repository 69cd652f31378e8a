import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Span } from '@opentelemetry/api';

import { errorCode } from '../database/database-error.js';
import { currentRequest } from './request-context.js';
import { currentTracer, isSampled } from './spans.js';

/** What Node's `fetch` reports of a request to another service. */
export interface OutgoingRequest {
  /** Scheme, host and port. */
  readonly origin?: unknown;
  readonly method?: string;
  readonly headers?: string | readonly unknown[];
  addHeader(name: string, value: string): unknown;
}

const spans = new WeakMap<object, Span>();

/**
 * Begins a span of a request that is sent, by OpenTelemetry's semantic conventions for HTTP clients:
 * in the trace of the request that it is sent for, or in a trace of its own. Without path and query,
 * which may hold secrets. `undefined` if no spans are recorded, or not in this trace.
 */
export function startCallSpan(request: OutgoingRequest): Span | undefined {
  const tracer = currentTracer();
  if (!tracer) return undefined;
  const isBackground = currentRequest() === undefined;
  if (!isBackground && !isSampled()) return undefined;
  const { hostname, port, protocol } = new URL(String(request.origin));
  const method = request.method ?? 'GET';
  const attributes = {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    'url.scheme': protocol.slice(0, -1),
  };
  const parent = isBackground ? ROOT_CONTEXT : context.active();
  const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, parent);
  spans.set(request, span);
  return span;
}

/** The status of the answer. To the caller of a service a refusal is an error, too. */
export function answered(request: object, statusCode: number): void {
  const span = spans.get(request);
  if (!span) return;
  span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= 400) failed(span, String(statusCode));
}

/** The answer has been read to its end. */
export function completed(request: object): void {
  spans.get(request)?.end();
  spans.delete(request);
}

/** There was no answer, or not all of it. */
export function broken(request: object, error: unknown): void {
  const span = spans.get(request);
  if (!span) return;
  failed(span, errorCode(error) ?? (error instanceof Error ? error.name : '_OTHER'));
  completed(request);
}

function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
