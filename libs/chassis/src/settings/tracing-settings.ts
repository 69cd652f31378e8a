import type { z } from 'zod';

import { httpUrl } from './addresses.js';
import { choice, flag, setting, text, wholeNumber, type Setting } from './setting.js';

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const;

/** Which of the traces that begin here are recorded. */
export type RootSampler = (typeof SAMPLERS)[number];

/** How spans are recorded and where they go. */
export interface TracingOptions {
  /** The address of the OTLP receiver for traces: that of the setting, with `/v1/traces`. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  /** How long one export may take, with its retries. */
  readonly timeoutMs: number;
  /** How long spans are gathered before they are sent. */
  readonly delayMs: number;
  /** Instead of the name of the program. */
  readonly serviceName: string | undefined;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: RootSampler;
  /** Whether a caller's `traceparent` decides before the sampler does. */
  readonly isParentBased: boolean;
  /** The share of traces that `traceidratio` records, from 0 to 1. */
  readonly ratio: number;
}

/** The standard variables of OpenTelemetry about traces: members of `SERVICE_SETTINGS`. */
export const TRACING_SETTINGS = {
  OTEL_SDK_DISABLED: flag().default(false),
  OTEL_TRACES_EXPORTER: choice('otlp', 'none').default('otlp'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: choice('http/protobuf', 'http/json').default('http/protobuf'),
  OTEL_EXPORTER_OTLP_HEADERS: keyValues('for headers', isHeader).default({}),
  OTEL_EXPORTER_OTLP_TIMEOUT: wholeNumber(1, 600_000).default(10_000),
  OTEL_BSP_SCHEDULE_DELAY: wholeNumber(1, 600_000).default(5_000),
  OTEL_SERVICE_NAME: text().optional(),
  OTEL_RESOURCE_ATTRIBUTES: keyValues('without control characters', isAttribute).default({}),
  OTEL_TRACES_SAMPLER: choice(...SAMPLERS, ...parentBased(SAMPLERS)).default(
    'parentbased_always_on',
  ),
  OTEL_TRACES_SAMPLER_ARG: ratio().default(1),
};

type TracingSettings = Readonly<z.output<z.ZodObject<typeof TRACING_SETTINGS>>>;

/** `undefined`: no spans are recorded. */
export function tracingOf(settings: TracingSettings): TracingOptions | undefined {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const isOff = settings.OTEL_SDK_DISABLED || settings.OTEL_TRACES_EXPORTER === 'none';
  if (endpoint === undefined || isOff) return undefined;
  const sampler = settings.OTEL_TRACES_SAMPLER;
  return {
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    protocol: settings.OTEL_EXPORTER_OTLP_PROTOCOL,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
    delayMs: settings.OTEL_BSP_SCHEDULE_DELAY,
    serviceName: settings.OTEL_SERVICE_NAME,
    resourceAttributes: settings.OTEL_RESOURCE_ATTRIBUTES,
    sampler: sampler.replace(/^parentbased_/, '') as RootSampler,
    isParentBased: sampler.startsWith('parentbased_'),
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
  };
}

function parentBased<const Name extends string>(names: readonly Name[]) {
  return names.map((name) => `parentbased_${name}` as const);
}

function ratio(): Setting<number> {
  return setting('a number from 0 to 1', (value) =>
    /^(?:0(?:\.\d{1,15})?|1(?:\.0{1,15})?)$/.test(value) ? Number(value) : undefined,
  );
}

/** `key=value` pairs separated by commas, the values percent-encoded, as OpenTelemetry has them. */
function keyValues(
  kind: string,
  isValid: (key: string, value: string) => boolean,
): Setting<Record<string, string>> {
  const expected = `key=value pairs ${kind}, separated by commas, with values percent-encoded`;
  return setting(expected, (list) => {
    const pairs = list.split(',').map((pair) => {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = value === undefined ? undefined : percentDecoded(value);
      return key !== undefined && decoded !== undefined && isValid(key, decoded)
        ? ([key, decoded] as const)
        : undefined;
    });
    const read = pairs.filter((pair) => pair !== undefined);
    const isWhole = read.length === pairs.length && list.length <= 8_192;
    return isWhole ? Object.fromEntries(read) : undefined;
  });
}

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** RFC 9110 section 5.1 and 5.5, of the values only what is ASCII. */
function isHeader(name: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value);
}

function isAttribute(key: string, value: string): boolean {
  return !/\p{Cc}/u.test(key + value);
}
