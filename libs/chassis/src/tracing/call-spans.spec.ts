import { OtlpReceiver, type ReceivedSpan } from '@jwt-auth/dev-stack';
import { trace as spans } from '@opentelemetry/api';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { StructuredLogger } from '../logging/structured-logger.js';
import { TRACING_SETTINGS, tracingOf } from '../settings/tracing-settings.js';
import { parseSettings } from '../settings/parse-settings.js';
import { z } from 'zod';
import { passOnTraces } from './call-spans.js';
import { RequestContext, withRequest } from '../context/request-context.js';
import { currentTracer } from './spans.js';
import type { Tracing } from './sdk.js';
import { startTracing } from './start-tracing.js';

let port: number;
let received: IncomingHttpHeaders | undefined;
let receiver: OtlpReceiver;
let tracing: Tracing | undefined;
const server = createServer((request, response) => {
  received = request.headers;
  if (request.url === '/broken') return void response.destroy();
  response.writeHead(Number(request.url?.slice(1)) || 200).end('answer');
});

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
  passOnTraces();
});
afterAll(() => server.close());
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  const settings = parseSettings(z.object(TRACING_SETTINGS), {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  });
  const logger = new StructuredLogger({ name: 'caller', level: 'fatal' });
  const build = { version: '1.2.3', commit: 'abc' };
  tracing = await startTracing(tracingOf(settings), { name: 'caller', build }, logger);
});
afterEach(async () => {
  await tracing?.stop();
  receiver.close();
});

const call = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then((it) => it.text());

async function exported(): Promise<readonly ReceivedSpan[]> {
  await tracing?.stop(30_000);
  return receiver.spans;
}

it('a call of a request is a span below it, and the other service gets its id', async () => {
  const request = currentTracer()!.startSpan('GET /orders');
  await withRequest(new RequestContext('r1', {}, request), () => call('/secret?q=secret'));
  const { traceId, spanId } = request.spanContext();
  expect(spans.getActiveSpan()).toBeUndefined();
  const [span, ...others] = await exported();
  expect(others).toEqual([]);
  expect(span).toMatchObject({ name: 'GET', kind: 3, traceId, parentSpanId: spanId, status: 0 });
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'server.address': '127.0.0.1',
    'server.port': port,
    'url.scheme': 'http',
  });
  expect(received?.['traceparent']).toBe(`00-${traceId}-${span?.spanId}-01`);
});

it('one in the background begins a trace', async () => {
  await call('/200');
  const [span] = await exported();
  expect(span?.parentSpanId).toBeFalsy();
  expect(received?.['traceparent']).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
});

it('of a request in a trace that is not sampled there is none', async () => {
  const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  await withRequest(new RequestContext('r1', { traceparent: trace }), () => call('/200'));
  expect(received?.['traceparent']).toMatch(/^00-a{32}-[\da-f]{16}-00$/);
  expect(await exported()).toEqual([]);
});

it.each([
  ['/404', { 'http.response.status_code': 404, 'error.type': '404' }],
  ['/503', { 'http.response.status_code': 503, 'error.type': '503' }],
  ['/broken', { 'error.type': 'UND_ERR_SOCKET' }],
])('a call that fails says so: %s', async (path, attributes) => {
  await call(path).catch(() => undefined);
  const [span, ...others] = await exported();
  expect(others).toEqual([]);
  expect(span).toMatchObject({ status: 2, attributes });
});
