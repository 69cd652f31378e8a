import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';

import { errorCode } from '../errors/database-outage.js';

let tracer: Tracer | undefined;

/** From now on spans are recorded by this tracer, or no longer with `undefined`. */
export function recordSpansWith(given: Tracer | undefined): void {
  tracer = given;
}

/** Of spans of this process. `undefined` unless spans are recorded. */
export function currentTracer(): Tracer | undefined {
  return tracer;
}

export interface SpanStart {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

/**
 * Runs `work` as a span of the trace for which it is done, which ends with the promise that `work`
 * gives. It only runs it if no spans are recorded, in the background, and in a trace that is not sampled.
 *
 * No span has the message of an error, which may hold values.
 */
export function inSpan<T>(start: () => SpanStart, work: () => T): T {
  if (!tracer || !isSampled()) return work();
  const { name, kind = SpanKind.INTERNAL, attributes } = start();
  const span = tracer.startSpan(name, { kind, attributes });
  const result = work();
  if (result instanceof Promise) {
    result.then(
      () => span.end(),
      (error: unknown) => {
        failSpan(span, error);
        span.end();
      },
    );
  }
  return result;
}

/** Whether this code runs in a trace of which spans are recorded. */
export function isSampled(): boolean {
  const parent = trace.getSpanContext(context.active());
  return parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Marks a span as failed by a status, or by the code or name of an error: never by its message. */
export function failSpan(span: Span, failure: unknown): void {
  const name = failure instanceof Error ? failure.name : '_OTHER';
  const type = typeof failure === 'number' ? String(failure) : (errorCode(failure) ?? name);
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
