import { context, diag, DiagLogLevel, trace, type DiagLogger } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { LoggerService } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { LineLimiter } from '../logging/line-limiter.js';
import type { Build } from '../settings/service-settings.js';
import type { TracingOptions } from '../settings/tracing-settings.js';
import { withoutRequest } from '../context/request-context.js';
import { recordSpansWith } from './spans.js';

/** Attributes of all spans of a process. */
export interface TracedProgram {
  readonly name: string;
  readonly build: Build;
}

/** The recording of spans. */
export interface Tracing {
  /** Sends the recorded spans and stops. Waits for one second, or for the given time. */
  stop(withinMs?: number): Promise<void>;
}

/** A part of the time for the whole shutdown. */
const FLUSH_MS = 1_000;
/** A receiver that is away fails each export. */
const REPORT_EVERY_MS = 60_000;

/** Loads OpenTelemetry's SDK: import this file only where spans are recorded. */
export function startSdk(
  options: TracingOptions,
  program: TracedProgram,
  logger: LoggerService,
): Tracing | undefined {
  const provider = providerOf(options, program);
  if (!trace.setGlobalTracerProvider(provider)) {
    logger.warn('OTEL_EXPORTER_OTLP_ENDPOINT is ignored: another SDK of OpenTelemetry is loaded');
    return undefined;
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  reportTo(logger);
  recordSpansWith(provider.getTracer('@jwt-auth/chassis', program.build.version));
  return { stop: (withinMs = FLUSH_MS) => stop(provider, logger, withinMs) };
}

function providerOf(options: TracingOptions, { name, build }: TracedProgram): TracerProvider {
  const { url, headers, timeoutMs: timeoutMillis, protocol } = options;
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  const exporter = new Exporter({ url, headers: { ...headers }, timeoutMillis });
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.name': name,
      'service.version': build.version,
      'service.instance.id': randomUUID(),
      ...options.resourceAttributes,
      ...(options.serviceName !== undefined && { 'service.name': options.serviceName }),
    }),
  );
  const processor = new BatchSpanProcessor({
    exporter,
    exportTimeoutMillis: timeoutMillis,
    scheduledDelayMillis: options.delayMs,
  });
  const sampler = samplerOf(options);
  return new TracerProvider({ resource, sampler, spanProcessors: [processor] });
}

function samplerOf({ sampler, isParentBased, ratio }: TracingOptions): Sampler {
  const samplers = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const root = samplers[sampler]();
  return isParentBased ? new ParentBasedSampler({ root }) : root;
}

/** Exports fail in the background. They are started by a request, but are no part of it. */
function reportTo(logger: LoggerService): void {
  const limiter = new LineLimiter(REPORT_EVERY_MS);
  const report = (message: string, error?: unknown): void => {
    // Messages of the SDK have numbers in them.
    const suppressed = limiter.admit(message.replace(/\d+/g, ''));
    if (suppressed === undefined) return;
    withoutRequest((): void => {
      logger.warn(message, error, ...(suppressed > 0 ? [{ suppressed }] : []), 'Tracing');
    });
  };
  setGlobalErrorHandler((error) => report('Spans were not exported, and are lost', error));
  const nothing = (): void => undefined;
  const warn = (message: string): void => report(message);
  const silent = { info: nothing, debug: nothing, verbose: nothing };
  const diagnostics: DiagLogger = { error: warn, warn, ...silent };
  diag.setLogger(diagnostics, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

async function stop(provider: TracerProvider, logger: LoggerService, withinMs: number) {
  recordSpansWith(undefined);
  const tooLate = delay(withinMs, 'too late' as const, { ref: false });
  const failure = await Promise.race([
    provider.shutdown().catch((error: unknown) => error),
    tooLate,
  ]);
  if (failure !== undefined) {
    const error = failure instanceof Error ? failure : undefined;
    logger.warn('The last spans were not exported', error, 'Tracing');
  }
  for (const api of [trace, context, diag]) api.disable();
}
