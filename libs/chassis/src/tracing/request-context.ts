import type { FastifyRequest } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';

import { traceOf, type TraceContext } from './trace-context.js';

/** The request for which code runs. */
export class RequestContext {
  private knownTrace: TraceContext | undefined;

  constructor(
    readonly requestId: string,
    private readonly headers: FastifyRequest['headers'] = {},
  ) {}

  /** Read when a line is logged or a request is sent: many requests do neither. */
  get trace(): TraceContext {
    return (this.knownTrace ??= traceOf(this.headers));
  }
}

const contexts = new AsyncLocalStorage<RequestContext>();

/** `undefined` outside of any request. */
export function currentRequest(): RequestContext | undefined {
  return contexts.getStore();
}

/** The id of the request for which this code runs. `undefined` outside of any request. */
export function currentRequestId(): string | undefined {
  return contexts.getStore()?.requestId;
}

/** Runs `work`, and everything it starts, as part of a request. */
export function withRequest<T>(context: RequestContext, work: () => T): T {
  // Entering the same context again would cost time and change nothing.
  return contexts.getStore() === context ? work() : contexts.run(context, work);
}

const ofRequests = new WeakMap<object, RequestContext>();

/** The one of a request, the same each time. */
export function contextOf(request: FastifyRequest): RequestContext {
  let context = ofRequests.get(request);
  if (context === undefined) {
    context = new RequestContext(request.id, request.headers);
    ofRequests.set(request, context);
  }
  return context;
}
