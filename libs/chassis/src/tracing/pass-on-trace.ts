import { subscribe } from 'node:diagnostics_channel';

import { answered, broken, completed, startCallSpan, type OutgoingRequest } from './call-spans.js';
import { currentTrace } from './request-context.js';
import { traceHeaders, traceOfSpan } from './trace-context.js';

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
