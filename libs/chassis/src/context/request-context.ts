import { context as otel, ROOT_CONTEXT, trace as spans, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';

import { traceOf, traceOfSpan, type TraceContext } from './trace-context.js';

/** The request for which code runs. */
export class RequestContext {
  private knownTrace: TraceContext | undefined;

  constructor(
    readonly requestId: string,
    private readonly headers: FastifyRequest['headers'] = {},
    /** If spans are recorded. */
    readonly span?: Span,
  ) {}

  /** Read when a line is logged or a request is sent: many requests do neither. */
  get trace(): TraceContext {
    return (this.knownTrace ??= this.span
      ? traceOfSpan(this.span.spanContext())
      : traceOf(this.headers));
  }
}

const contexts = new AsyncLocalStorage<RequestContext>();

/** `undefined` outside of any request. */
export function currentRequest(): RequestContext | undefined {
  return contexts.getStore();
}

/** The trace for which this code runs. `undefined` outside of any request. */
export function currentTrace(): TraceContext | undefined {
  const request = currentRequest();
  if (request?.span === undefined) return request?.trace;
  // The service may have made a span of its own for a part of the work.
  const active = spans.getActiveSpan();
  return active && active !== request.span ? traceOfSpan(active.spanContext()) : request.trace;
}

/** The id of the request for which this code runs. `undefined` outside of any request. */
export function currentRequestId(): string | undefined {
  return contexts.getStore()?.requestId;
}

/** Runs `work`, and everything it starts, as part of a request. */
export function withRequest<T>(context: RequestContext, work: () => T): T {
  // Entering the same context again would cost time and change nothing.
  if (contexts.getStore() === context) return work();
  const { span } = context;
  if (!span) return contexts.run(context, work);
  return contexts.run(context, () => otel.with(spans.setSpan(ROOT_CONTEXT, span), work));
}

/** Runs `work` as part of no request, although it was started by one. */
export function withoutRequest<T>(work: () => T): T {
  return contexts.exit(work);
}

const ofRequests = new WeakMap<object, RequestContext>();

/** Sets the one of a request that has just arrived. */
export function openContext(request: FastifyRequest, span: Span): void {
  ofRequests.set(request, new RequestContext(request.id, request.headers, span));
}

/** The one of a request, the same each time. */
export function contextOf(request: FastifyRequest): RequestContext {
  let context = ofRequests.get(request);
  if (context === undefined) {
    context = new RequestContext(request.id, request.headers);
    ofRequests.set(request, context);
  }
  return context;
}

/** Handles each request in its context: lines and spans of its handlers name it. */
export function enterContexts(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => withRequest(contextOf(request), done));
  // Reading a body leaves the asynchronous context in which the request began.
  server.addHook('preValidation', (request, _reply, done) => withRequest(contextOf(request), done));
}
