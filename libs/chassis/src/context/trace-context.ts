import type { SpanContext } from '@opentelemetry/api';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Which trace a piece of work belongs to, and its place there (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The work of this process on a request: 16 hexadecimal digits. */
  readonly spanId: string;
  /** `trace-flags`: two hexadecimal digits, as the caller has sent them. */
  readonly flags: string;
  /** `tracestate`, as the caller has sent it. */
  readonly state: string | undefined;
}

/** Section 3.2. Version ff is forbidden; what later versions append is ignored (section 4.3). */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** Printable ASCII. Section 3.3.1.5 asks to pass on 512 characters at least. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

type Headers = Readonly<Pick<IncomingHttpHeaders, string>>;

/** What a caller says of its own work: `spanId` is the caller's. `undefined` if its header is invalid. */
export function parentOf({ traceparent, tracestate }: Headers): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] =
    TRACEPARENT.exec(typeof traceparent === 'string' ? traceparent : '') ?? [];
  const isValid =
    traceId !== undefined && !isZero(traceId) && spanId !== undefined && !isZero(spanId);
  if (!isValid || (version === '00' && rest !== undefined)) return undefined;
  const state = Array.isArray(tracestate) ? tracestate.join() : tracestate;
  return {
    traceId,
    spanId,
    flags: flags ?? '00',
    state: state !== undefined && TRACESTATE.test(state) ? state : undefined,
  };
}

/** Continues the trace of a caller, or begins one if its header names none. */
export function traceOf(headers: Headers): TraceContext {
  const parent = parentOf(headers);
  return parent ? { ...parent, spanId: randomDigits().slice(16) } : newTrace();
}

/** The place of a span that OpenTelemetry's SDK has made. */
export function traceOfSpan({
  traceId,
  spanId,
  traceFlags,
  traceState,
}: SpanContext): TraceContext {
  const flags = traceFlags.toString(16).padStart(2, '0');
  return { traceId, spanId, flags, state: traceState?.serialize() || undefined };
}

/** For work that nobody else has caused. Not sampled, as nothing here records it. */
export function newTrace(): TraceContext {
  return {
    traceId: randomDigits(),
    spanId: randomDigits().slice(16),
    flags: '00',
    state: undefined,
  };
}

/** The headers of a request to another service that is made for this work. */
export function traceHeaders({ traceId, spanId, flags, state }: TraceContext) {
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(state !== undefined && { tracestate: state }),
  };
}

/** The members of a log line, as OpenTelemetry names them outside of OTLP. */
export function traceFields({ traceId, spanId, flags }: TraceContext) {
  return { trace_id: traceId, span_id: spanId, trace_flags: flags };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

/**
 * 32 hexadecimal digits, all random but six bits of a UUID, so that neither half is zero. Node draws bytes
 * for many UUIDs at once, which makes them eight times as fast as `randomBytes`.
 */
function randomDigits(): string {
  return randomUUID().replaceAll('-', '');
}
