import { OtlpReceiver, type ReceivedSpan } from '@jwt-auth/dev-stack';
import { provideProblems } from '@jwt-auth/jwt-core';
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { Controller, Get, Logger, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { request as send, type RequestOptions } from 'node:http';
import type pg from 'pg';
import { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createHttpApp } from '../http/http-app.js';
import { serviceProblem } from '../http/service-problem.js';
import { StructuredLogger } from '../logging/structured-logger.js';
import { parseSettings } from '../settings/parse-settings.js';
import { TRACING_SETTINGS, tracingOf } from '../settings/tracing-settings.js';
import { currentTracer, inSpan } from './spans.js';
import type { Tracing } from './sdk.js';
import { startTracing } from './start-tracing.js';
import { inStatementSpan } from './statement-spans.js';

const DATABASE = { database: 'notes', host: 'db.example.com', port: 5432 } as pg.Client;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

@Controller()
class NotesController {
  @Get('notes/:id')
  async read(@Param('id') id: string) {
    new Logger('Notes').log('Reading');
    await inSpan(
      () => ({ name: 'work' }),
      () => Promise.resolve(),
    );
    await inStatementSpan(DATABASE, { text: `SELECT 'secret' FROM "notes"` }, () =>
      Promise.resolve(id),
    );
    return {};
  }

  @Get('background')
  async startWork() {
    // As code of a service that makes spans with OpenTelemetry's API.
    await trace.getTracer('own').startActiveSpan('own', async (span) => {
      new Logger('Notes').log('In a span of its own');
      await inStatementSpan(DATABASE, 'COMMIT', () => Promise.resolve());
      span.end();
    });
    return {};
  }

  @Post('refused')
  async refuse() {
    const failure = Object.assign(new Error('Key (email)=(secret) exists'), { code: '23505' });
    await inStatementSpan(DATABASE, 'INSERT INTO "notes" VALUES ($1)', () =>
      Promise.reject(failure),
    );
  }

  @Get('never')
  never() {
    return new Promise(() => undefined);
  }

  @Get('health/live')
  live() {
    return {};
  }
}

@Module({ controllers: [NotesController], providers: [provideProblems(serviceProblem)] })
class NotesModule {}

let receiver: OtlpReceiver;
let tracing: Tracing | undefined;
let app: NestFastifyApplication | undefined;
let base: string;
let lines: Record<string, unknown>[];
let logger: StructuredLogger;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  lines = [];
  const destination = {
    write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>),
  };
  logger = new StructuredLogger({ name: 'notes', level: 'info', destination });
});
afterEach(async () => {
  await app?.close();
  await tracing?.stop();
  tracing = app = undefined;
  receiver.close();
});

async function start(environment: Record<string, string> = {}): Promise<Tracing | undefined> {
  const settings = parseSettings(z.object(TRACING_SETTINGS), {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...environment,
  });
  const build = { version: '1.2.3', commit: 'abc' };
  tracing = await startTracing(tracingOf(settings), { name: 'notes', build }, logger);
  app = await createHttpApp(NotesModule, { logger, trustProxy: false, documentation: undefined });
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
  return tracing;
}

/** Those of requests, and of what the service logs for them. */
const linesInTraces = () => lines.filter(({ trace_id: id }) => id !== undefined);

const requestLines = () => lines.filter(({ msg }) => msg === 'request');

/** Not by `fetch`, which makes a span of its own in this process. */
function statusOf(url: string, options: RequestOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = send(base + url, options, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    sent.once('error', reject).end();
  });
}

/** @returns the spans of one request, that of the request itself first */
async function spansOf(
  url: string,
  { method = 'GET', headers }: { method?: string; headers?: Record<string, string> } = {},
): Promise<ReceivedSpan[]> {
  await statusOf(url, { method, headers });
  // Logged after the end of the span.
  await expect.poll(() => requestLines().length, { timeout: 20_000 }).toBeGreaterThan(0);
  // What was recorded is sent at the end of a process.
  await tracing?.stop(30_000);
  return receiver.spans.toReversed();
}

describe('the spans of a request', () => {
  it('continue the trace of the caller, and have what was done for it', async () => {
    await start({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=caf%C3%A9' });
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'rojo=1' };
    const [request, statement, work, ...others] = await spansOf('/notes/secret?q=secret', {
      headers,
    });
    expect(others).toEqual([]);
    expect(request).toEqual({
      name: 'GET /notes/:id',
      kind: 2,
      traceId: TRACE,
      spanId: expect.stringMatching(/^[\da-f]{16}$/) as string,
      parentSpanId: PARENT,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/notes/:id',
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'network.protocol.version': '1.1',
        'client.address': '127.0.0.1',
      },
      status: 0,
      resource: expect.objectContaining({
        'service.name': 'notes',
        'service.version': '1.2.3',
        'deployment.environment.name': 'café',
      }) as object,
    });
    const child = { traceId: TRACE, parentSpanId: request?.spanId };
    expect(work).toMatchObject({ name: 'work', kind: 1, ...child, attributes: {} });
    expect(statement).toMatchObject({ name: 'SELECT notes', kind: 3, ...child });
    expect(statement?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': 'notes',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'notes',
      'server.address': 'db.example.com',
      'server.port': 5432,
    });
    // The lines of the log name the same span.
    expect(linesInTraces().map((line) => [line.trace_id, line.span_id, line.trace_flags])).toEqual([
      [TRACE, request?.spanId, '01'],
      [TRACE, request?.spanId, '01'],
    ]);
    expect(receiver.exports.map(({ body }) => body.toString()).join()).not.toMatch(/secret/);
  });

  it('begin a trace without a caller that has one, under the name that is set', async () => {
    await start({ OTEL_SERVICE_NAME: 'other' });
    const [request] = await spansOf('/notes/1', { headers: { traceparent: 'none' } });
    expect(request).toMatchObject({ resource: { 'service.name': 'other' } });
    expect(request?.parentSpanId).toBeFalsy();
    expect(requestLines()).toMatchObject([
      { trace_id: request?.traceId, span_id: request?.spanId },
    ]);
  });

  it('include those that the service makes by itself, and lines name them', async () => {
    await start();
    const spans = await spansOf('/background');
    const [request, own, statement] = ['GET /background', 'own', 'COMMIT'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(request?.spanId).toMatch(/./);
    expect(own?.parentSpanId).toBe(request?.spanId);
    expect(statement?.parentSpanId).toBe(own?.spanId);
    expect(linesInTraces().map((line) => line.span_id)).toEqual([own?.spanId, request?.spanId]);
  });

  it('say what failed, without a message', async () => {
    await start();
    const [request, statement] = await spansOf('/refused', { method: 'POST' });
    const { attributes, status } = request ?? {};
    expect([attributes?.['error.type'], status]).toEqual(['500', 2]);
    expect(statement).toMatchObject({
      name: 'INSERT notes',
      attributes: { 'error.type': '23505' },
      status: 2,
    });
    expect(receiver.exports.map(({ body }) => body.toString()).join()).not.toMatch(/secret/);
  });

  it('end when the caller hangs up before there is an answer', async () => {
    await start();
    const sent = send(`${base}/never`).on('error', () => undefined);
    sent.end();
    await once(app?.getHttpServer() as NodeJS.EventEmitter, 'request');
    sent.destroy();
    await expect.poll(requestLines, { timeout: 20_000 }).toMatchObject([{ aborted: true }]);
    await tracing?.stop(30_000);
    expect(receiver.spans).toMatchObject([{ name: 'GET /never', status: 0 }]);
    expect(receiver.spans[0]?.attributes).not.toHaveProperty('http.response.status_code');
    expect(requestLines()).toMatchObject([{ span_id: receiver.spans[0]?.spanId }]);
  });

  it('are none for a probe, in a trace that is not sampled, and outside of requests', async () => {
    await start();
    await inSpan(
      () => ({ name: 'background' }),
      () => Promise.resolve(),
    );
    await statusOf('/health/live');
    const headers = { traceparent: `00-${TRACE}-${PARENT}-00` };
    expect(await spansOf('/notes/1', { headers })).toEqual([]);
    expect(requestLines()).toMatchObject([{ trace_id: TRACE, trace_flags: '00' }]);
    expect(requestLines()[0]?.span_id).toMatch(/^(?!00f067aa0ba902b7)[\da-f]{16}$/);
  });

  it.each([
    ['GET', 'GET', 'GET'],
    ['PROPFIND', 'HTTP', '_OTHER'],
  ])('of %s at an unknown route have the name %s', async (method, name, attribute) => {
    await start();
    const [request] = await spansOf('/secret', { method });
    expect(request).toMatchObject({
      name,
      attributes: { 'http.request.method': attribute, 'http.response.status_code': 404 },
      status: 0,
    });
    expect(request?.attributes).not.toHaveProperty('http.route');
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 3],
    [{ OTEL_TRACES_EXPORTER: 'none' }, 0],
    [{ OTEL_SDK_DISABLED: 'true' }, 0],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 0],
  ])('of a sampled caller, with %j, are %d', async (environment, count) => {
    await start(environment);
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
    expect(await spansOf('/notes/1', { headers })).toHaveLength(count);
    expect(requestLines()).toMatchObject([{ trace_id: TRACE }]);
  });
});

describe('the export', () => {
  it('is OTLP in protobuf unless set otherwise, with the headers that are set', async () => {
    await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.endpoint}/base/`,
      OTEL_EXPORTER_OTLP_PROTOCOL: '',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%2Cb,x-other=c',
    });
    await spansOf('/notes/1');
    expect(receiver.exports).toMatchObject([
      {
        path: '/base/v1/traces',
        headers: {
          'content-type': 'application/x-protobuf',
          'x-api-key': 'a,b',
          'x-other': 'c',
        },
      },
    ]);
    expect(receiver.exports[0]?.body.includes('GET /notes/:id')).toBe(true);
  });

  it('that fails delays no request, and is logged once', async () => {
    receiver.status = 400;
    await start();
    for (const exports of [1, 2, 3]) {
      // A full batch is sent at once.
      for (let count = 0; count < 512; count += 1) currentTracer()?.startSpan('full').end();
      await expect.poll(() => receiver.exports, { timeout: 20_000 }).toHaveLength(exports);
      expect(await statusOf('/notes/1')).toBe(200);
    }
    await tracing?.stop();
    const warnings = lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ msg }) => msg).toSorted()).toEqual([
      'Spans were not exported, and are lost',
      'The last spans were not exported',
    ]);
    expect(warnings[0]).not.toHaveProperty('requestId');
  });

  it('to a receiver that is away does not hold up the end of the process', async () => {
    const { endpoint } = receiver;
    receiver.close();
    await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect(await statusOf('/notes/1')).toBe(200);
    await tracing?.stop();
    expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: 'The last spans were not exported' });
  });

  it('is left to an SDK that is loaded already', async () => {
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    expect(await start()).toBeUndefined();
    trace.disable();
    expect(lines.find(({ level }) => level === 'warn')?.msg).toMatch(/is ignored/);
    expect(currentTracer()).toBeUndefined();
  });
});
