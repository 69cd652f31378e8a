import { expect, it } from 'vitest';
import { z } from 'zod';

import { parseSettings, SettingsError, type Environment } from './parse-settings.js';
import { TRACING_SETTINGS, tracingOf } from './tracing-settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const read = (environment: Environment) =>
  tracingOf(parseSettings(z.object(TRACING_SETTINGS), environment));

it('nothing is traced without an endpoint, whatever else is set', () => {
  expect(read({})).toBeUndefined();
  expect(read({ OTEL_SERVICE_NAME: 'auth', OTEL_TRACES_EXPORTER: 'otlp' })).toBeUndefined();
});

it('with an endpoint alone the rest is as OpenTelemetry says', () => {
  expect(read(ENDPOINT)).toEqual({
    url: 'http://collector:4318/v1/traces',
    protocol: 'http/protobuf',
    headers: {},
    timeoutMs: 10_000,
    delayMs: 5_000,
    serviceName: undefined,
    resourceAttributes: {},
    sampler: 'always_on',
    isParentBased: true,
    ratio: 1,
  });
});

it('reads what is set', () => {
  expect(
    read({
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://[::1]:4318/base//' },
      ...{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
      OTEL_EXPORTER_OTLP_HEADERS: ' authorization = Basic%20YQ== , x-empty=',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      ...{ OTEL_SERVICE_NAME: 'mine', OTEL_RESOURCE_ATTRIBUTES: 'a.b=%C3%A9,c==' },
      ...{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
    }),
  ).toEqual({
    url: 'https://[::1]:4318/base/v1/traces',
    protocol: 'http/json',
    headers: { authorization: 'Basic YQ==', 'x-empty': '' },
    timeoutMs: 500,
    delayMs: 100,
    serviceName: 'mine',
    resourceAttributes: { 'a.b': 'é', c: '=' },
    sampler: 'traceidratio',
    isParentBased: true,
    ratio: 0.25,
  });
});

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:secret@collector'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'secret'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=1,,b=secret'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a b=secret'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=secret%0d%0ab'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=secretü'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=secret%'],
  ['OTEL_EXPORTER_OTLP_HEADERS', `a=${'secret'.repeat(2_000)}`],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '0'],
  ['OTEL_BSP_SCHEDULE_DELAY', '-1'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
  ['OTEL_RESOURCE_ATTRIBUTES', '=1'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=%00'],
  ['OTEL_SERVICE_NAME', 'x'.repeat(256)],
  ['OTEL_SDK_DISABLED', 'perhaps'],
  ['OTEL_TRACES_EXPORTER', 'console'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['OTEL_TRACES_SAMPLER_ARG', '-0'],
  ['OTEL_TRACES_SAMPLER_ARG', '1e-1'],
])('refuses %s=%j, and does not repeat it', (variable, value) => {
  let error: unknown;
  try {
    read({ ...ENDPOINT, [variable]: value });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SettingsError);
  expect((error as SettingsError).problems).toMatchObject([{ variable }]);
  expect((error as SettingsError).message).not.toMatch(/secret/);
});
