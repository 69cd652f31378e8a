import { subscribe } from 'node:diagnostics_channel';

import { context, ROOT_CONTEXT, SpanKind, type Span } from '@opentelemetry/api';

import { currentRequest, currentTrace } from '../context/request-context.js';
import { currentTracer, failSpan, isSampled } from './spans.js';
import { traceHeaders, traceOfSpan } from '../context/trace-context.js';

/** What Node's `fetch` reports of a request to another service. */
interface OutgoingRequest {
  /** Scheme, host and port. */
  readonly origin?: unknown;
  readonly method?: string;
  readonly headers?: string | readonly unknown[];
  addHeader(name: string, value: string): unknown;
}

/** What Node reports while a `fetch` is under way. */
interface Message {
  readonly request: OutgoingRequest;
}

let isOn = false;

/**
 * Adds the trace of the current request to each `fetch` that is made for it: introspection, keys, or a
 * call to another service. Where spans are recorded, each `fetch` is one, and those that are made in
 * the background, such as the feed, begin a trace. Otherwise these carry none.
 */
export function passOnTraces(): void {
  if (isOn) return;
  isOn = true;
  subscribe('undici:request:create', (message) => {
    const { request } = message as Message;
    // Instrumentation of OpenTelemetry that an operator has loaded has done so already.
    if (/(^|\r\n|,)traceparent[,:]/i.test(String(request.headers ?? ''))) return;
    const span = startCallSpan(request);
    const trace = span ? traceOfSpan(span.spanContext()) : currentTrace();
    if (trace === undefined) return;
    for (const [name, value] of Object.entries(traceHeaders(trace))) request.addHeader(name, value);
  });
  subscribe('undici:request:headers', (message) => {
    const { request, response } = message as Message & { response: { statusCode: number } };
    answered(request, response.statusCode);
  });
  subscribe('undici:request:trailers', (message) => completed((message as Message).request));
  subscribe('undici:request:error', (message) => {
    const { request, error } = message as Message & { error: unknown };
    broken(request, error);
  });
}

const spans = new WeakMap<object, Span>();

/**
 * Begins a span of a request that is sent, by OpenTelemetry's semantic conventions for HTTP clients:
 * in the trace of the request that it is sent for, or in a trace of its own. Without path and query,
 * which may hold secrets. `undefined` if no spans are recorded, or not in this trace.
 */
function startCallSpan(request: OutgoingRequest): Span | undefined {
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
function answered(request: object, statusCode: number): void {
  const span = spans.get(request);
  if (!span) return;
  span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= 400) failSpan(span, statusCode);
}

/** The answer has been read to its end. */
function completed(request: object): void {
  spans.get(request)?.end();
  spans.delete(request);
}

/** There was no answer, or not all of it. */
function broken(request: object, error: unknown): void {
  const span = spans.get(request);
  if (!span) return;
  failSpan(span, error);
  completed(request);
}
