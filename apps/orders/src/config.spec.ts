import { SettingsError, type Environment } from '@jwt-auth/chassis';
import { describe, expect, it } from 'vitest';

import { Config } from './config.js';

const database = { DATABASE_URL: 'postgres://app:secret@db:5432/auth?sslmode=disable' };
const production = { ...database, NODE_ENV: 'production' };

function problemsOf(environment: Environment): string[] {
  try {
    new Config(environment);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.message).not.toMatch(/secret/);
    return error.problems.map(({ variable }) => variable);
  }
}

describe('Config', () => {
  it('needs nothing but a database in development', () => {
    expect(new Config(database)).toMatchObject({
      host: '127.0.0.1',
      port: 3001,
      issuer: 'http://localhost:3000',
      allowHttpIssuer: true,
      audience: 'api',
      jwksRefreshMs: 300_000,
      jwksCooldownMs: 10_000,
      jwksMaxStaleMs: 86_400_000,
      revocationMaxStalenessMs: 30_000,
      clockToleranceMs: 5_000,
      logLevel: 'info',
      trustProxy: false,
      cors: { origins: [] },
    });
  });

  it('serves metrics only if a port is set for them, and on this machine by default', () => {
    expect(new Config({ ...database, METRICS_HOST: '0.0.0.0' }).metricsAddress).toBeUndefined();
    const ORDERS_METRICS_PORT = '9465';
    const here = { host: '127.0.0.1', port: 9465 };
    expect(new Config({ ...database, ORDERS_METRICS_PORT }).metricsAddress).toEqual(here);
    const everywhere = { ...here, host: '0.0.0.0' };
    expect(
      new Config({ ...database, ORDERS_METRICS_PORT, METRICS_HOST: '0.0.0.0' }).metricsAddress,
    ).toEqual(everywhere);
  });

  it('records spans only if there is an endpoint for them', () => {
    expect(new Config(database).tracing).toBeUndefined();
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
    const { tracing } = new Config({ ...database, OTEL_EXPORTER_OTLP_ENDPOINT });
    expect(tracing?.url).toBe('http://collector:4318/v1/traces');
  });

  it('has a database of its own, beside that of auth', () => {
    const { databaseUrl } = new Config(database);
    expect(databaseUrl).toBe('postgres://app:secret@db:5432/orders?sslmode=disable');
    const ORDERS_DATABASE_URL = 'postgres://app@elsewhere/shop';
    expect(new Config({ ...database, ORDERS_DATABASE_URL }).databaseUrl).toBe(ORDERS_DATABASE_URL);
    expect(new Config({ ORDERS_DATABASE_URL }).databaseUrl).toBe(ORDERS_DATABASE_URL);
  });

  it.each([
    [{ ORDERS_PORT: '4001', PORT: '5001' }, 4001, 0],
    [{ PORT: '5001' }, 5001, 0],
    [{ ORDERS_PORT: 'tcp://10.0.0.1:4001', PORT: '5001' }, 5001, 1],
    [{ ORDERS_PORT: 'tcp://10.0.0.1:4001', AUTH_PORT: 'tcp://10.0.0.2:4000' }, 3001, 2],
  ])('with %j listens at port %d, with %d warnings', (environment, port, warnings) => {
    const config = new Config({ ...database, ...(environment as Environment) });
    expect(config.port).toBe(port);
    expect(config.warnings).toHaveLength(warnings);
    expect(config.issuer).toBe('http://localhost:3000');
  });

  it.each([
    [undefined, 'production', false],
    ['on', 'production', true],
    [undefined, 'test', true],
    ['no', 'test', false],
  ])('with DOCS=%s in %s serves documentation: %s', (DOCS, NODE_ENV, isServed) => {
    const ISSUER = 'https://auth.example.com';
    const { areDocsServed } = new Config({ ...database, ISSUER, NODE_ENV, DOCS });
    expect(areDocsServed).toBe(isServed);
  });

  it('finds the auth that has the same settings', () => {
    const issuerOf = (settings: Environment) => new Config({ ...database, ...settings }).issuer;
    expect(issuerOf({ AUTH_PORT: '4000', HOST: '0.0.0.0' })).toBe('http://localhost:4000');
    expect(issuerOf({ HOST: '10.0.0.1' })).toBe('http://10.0.0.1:3000');
  });

  it('has credentials of its own when it is given both', () => {
    const credentials = { CLIENT_ID: 'orders', CLIENT_SECRET: 'hush' };
    expect(new Config({ ...database, ...credentials })).toMatchObject({
      clientId: 'orders',
      clientSecret: 'hush',
    });
    expect(new Config(database)).toMatchObject({ clientId: undefined, clientSecret: undefined });
  });

  it.each([
    ['no database', {}, ['ORDERS_DATABASE_URL']],
    ['no issuer in production', production, ['ISSUER']],
    ['any origin', { ...database, CORS_ORIGINS: '*' }, ['CORS_ORIGINS']],
    ['a plain http issuer in production', { ...production, ISSUER: 'http://auth' }, ['ISSUER']],
    ['an id without a secret', { ...database, CLIENT_ID: 'orders' }, ['CLIENT_SECRET']],
    ['a secret without an id', { ...database, CLIENT_SECRET: 'secret' }, ['CLIENT_ID']],
    [
      'several faults',
      { ORDERS_PORT: 'x', JWKS_REFRESH: '5' },
      ['ORDERS_PORT', 'JWKS_REFRESH', 'ORDERS_DATABASE_URL'],
    ],
    [
      'no bound of staleness',
      { ...database, REVOCATION_MAX_STALENESS: '0s' },
      ['REVOCATION_MAX_STALENESS'],
    ],
    [
      'a tolerance beyond what the revocation list keeps',
      { ...database, CLOCK_TOLERANCE: '60s' },
      ['CLOCK_TOLERANCE'],
    ],
    [
      'keys that are older than the revocation of a withdrawn key is kept',
      { ...database, JWKS_MAX_STALE: '604801s' },
      ['JWKS_MAX_STALE'],
    ],
  ])('refuses %s', (_name, environment, variables) => {
    expect(problemsOf(environment)).toEqual(variables);
  });

  it.each([
    ['https', { ISSUER: 'https://auth' }],
    ['this machine', { ISSUER: 'http://localhost:3000' }],
    ['a private network that says so', { ISSUER: 'http://auth', ALLOW_HTTP_ISSUER: 'true' }],
  ])('takes an issuer on %s in production', (_name, settings) => {
    expect(problemsOf({ ...production, ...settings })).toEqual([]);
  });
});
