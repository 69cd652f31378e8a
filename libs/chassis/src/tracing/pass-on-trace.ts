import { subscribe } from 'node:diagnostics_channel';

import { currentTrace } from './request-context.js';
import { traceHeaders } from './trace-context.js';

/** What Node's `fetch` reports of a request before it is sent. */
interface OutgoingRequest {
  readonly headers?: string | readonly unknown[];
  addHeader(name: string, value: string): unknown;
}

let isOn = false;

/**
 * Adds the trace of the current request to each `fetch` that is made for it: introspection, keys, or a
 * call to another service. Those that are made in the background carry no trace.
 */
export function passOnTraces(): void {
  if (isOn) return;
  isOn = true;
  subscribe('undici:request:create', (message) => {
    const trace = currentTrace();
    if (trace === undefined) return;
    const { request } = message as { readonly request: OutgoingRequest };
    // Instrumentation of OpenTelemetry that an operator has loaded has done so already.
    if (/(^|\r\n|,)traceparent[,:]/i.test(String(request.headers ?? ''))) return;
    for (const [name, value] of Object.entries(traceHeaders(trace))) request.addHeader(name, value);
  });
}
