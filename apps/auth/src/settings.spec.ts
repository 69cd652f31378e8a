import { describe, expect, it } from 'vitest';

import type { Config } from './config.js';
import { databaseConfig, readConfig } from './settings.js';

const DATABASE_URL = 'postgres://auth:secret@localhost:5432/auth';
const KEY_ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');

const config = (environment: Record<string, string> = {}): Config =>
  readConfig({ DATABASE_URL, ...environment });

function problems(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('the settings', () => {
  it('have defaults for everything but the database', () => {
    expect(config()).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      issuer: 'http://localhost:3000',
      audience: 'api',
      accessTokenTtlMs: 900_000,
      refreshTokenTtlMs: 30 * 86_400_000,
      sessionTtlMs: 90 * 86_400_000,
      refreshRetryWindowMs: 10_000,
      revocationMaxStalenessMs: 30_000,
      clockToleranceMs: 5_000,
      demoPassword: 'correct horse battery staple',
      isRegistrationOpen: true,
      trustProxy: false,
      cors: { origins: [], credentials: true },
      shutdownDelayMs: 0,
      basePath: '',
      dataDirectory: '.data',
      keyEncryptionKey: undefined,
    });
  });

  it('have limits for the use of the database, and what was built', () => {
    const given = {
      DATABASE_POOL_SIZE: '20',
      DATABASE_CONNECT_WAIT: '2s',
      DATABASE_STATEMENT_TIMEOUT: '1m',
      BUILD_COMMIT: 'abc1234',
    };
    expect(config(given)).toMatchObject({
      databaseLimits: { poolSize: 20, connectWaitMs: 2_000, statementTimeoutMs: 60_000 },
      build: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string, commit: 'abc1234' },
    });
    expect(config().build.commit).toBe('unknown');
  });

  it.each([
    ['https://example.com', ''],
    ['https://example.com/', ''],
    ['https://example.com/tenants/one/', '/tenants/one'],
  ])('serve the issuer %s below "%s"', (ISSUER, basePath) => {
    expect(config({ ISSUER }).basePath).toBe(basePath);
  });

  it('serves metrics only if a port is set for them, and on this machine by default', () => {
    expect(config({ METRICS_HOST: '0.0.0.0' }).metricsAddress).toBeUndefined();
    const AUTH_METRICS_PORT = '9464';
    const here = { host: '127.0.0.1', port: 9464 };
    expect(config({ AUTH_METRICS_PORT }).metricsAddress).toEqual(here);
    const everywhere = { ...here, host: '0.0.0.0' };
    expect(config({ AUTH_METRICS_PORT, METRICS_HOST: '0.0.0.0' }).metricsAddress).toEqual(
      everywhere,
    );
  });

  it.each([
    [{ AUTH_PORT: '4000' }, 'http://localhost:4000'],
    [{ AUTH_PORT: '4000', PORT: '5000' }, 'http://localhost:4000'],
    [{ PORT: '5000' }, 'http://localhost:5000'],
    [{ AUTH_PORT: 'tcp://10.0.0.1:4000', PORT: '5000' }, 'http://localhost:5000'],
    [{ AUTH_PORT: 'tcp://10.0.0.1:4000', HOST: 'fd00::2' }, 'http://[fd00::2]:3000'],
    [{ HOST: '0.0.0.0' }, 'http://localhost:3000'],
    [{ HOST: '192.0.2.1' }, 'http://192.0.2.1:3000'],
    [{ ISSUER: 'https://auth.example.com' }, 'https://auth.example.com'],
  ])('%j make the issuer %s', (environment, issuer) => {
    expect(config(environment as Record<string, string>).issuer).toBe(issuer);
  });

  it('let listed pages call, and refuse every other way to name them', () => {
    const CORS_ORIGINS = 'https://app.example.com, http://localhost:5173';
    expect(config({ CORS_ORIGINS }).cors.origins).toEqual([
      'https://app.example.com',
      'http://localhost:5173',
    ]);
    const message = problems({ CORS_ORIGINS: '*,https://app.example.com/', AUTH_PORT: 'x' });
    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}CORS_ORIGINS: origin 1 has a wildcard/),
      expect.stringMatching(/^ {2}CORS_ORIGINS: origin 2 must not end with a slash/),
      expect.stringMatching(/^ {2}AUTH_PORT: /),
      expect.stringMatching(/^ {2}DATABASE_URL: /),
    ]);
  });

  it('seed no demo users when that is switched off', () => {
    expect(config({ SEED_DEMO: 'off' }).demoPassword).toBeUndefined();
  });

  it('refuse a semicolon in the issuer, which would end the path of its cookies', () => {
    expect(problems({ ISSUER: 'https://example.com/a;b' })).toContain('ISSUER:');
  });

  it.each(['short', 'password1234', 'x'.repeat(129)])('refuse %j to demo users', (password) => {
    expect(problems({ DEMO_PASSWORD: password })).toContain('DEMO_PASSWORD:');
    expect(problems({ DEMO_PASSWORD: password, AUTH_PORT: 'x' })).toMatch(
      /AUTH_PORT:.*DEMO_PASSWORD:/s,
    );
  });

  it('accept any demo password where nobody gets it', () => {
    const { demoPassword } = config({ DEMO_PASSWORD: 'short', SEED_DEMO: 'off' });
    expect(demoPassword).toBeUndefined();
  });

  it('bound the age of the revocation list as those of a service do', () => {
    const { revocationMaxStalenessMs } = config({ REVOCATION_MAX_STALENESS: '100ms' });
    expect(revocationMaxStalenessMs).toBe(100);
  });

  it('switch the retry window off', () => {
    expect(config({ REFRESH_RETRY_WINDOW: '0s' }).refreshRetryWindowMs).toBe(0);
  });

  it('list everything that is wrong, and none of the values', () => {
    const message = problems({
      AUTH_PORT: 'eighty',
      ACCESS_TOKEN_TTL: '25h',
      REGISTRATION: 'perhaps',
      AUDIT_RETENTION: '400s',
      NODE_ENV: 'production',
      SEED_DEMO: 'on',
      ISSUER: 'http://auth.example.com',
    });
    for (const variable of [
      'DATABASE_URL',
      'AUTH_PORT',
      'ACCESS_TOKEN_TTL',
      'REGISTRATION',
      'KEY_ENCRYPTION_KEY',
      'AUDIT_RETENTION',
      'SEED_DEMO',
      'ISSUER',
    ]) {
      expect(message).toContain(`${variable}:`);
    }
    expect(message).not.toContain('eighty');
  });
});

describe('the settings in production', () => {
  it.each([
    [undefined, 'production', false],
    ['on', 'production', true],
    [undefined, 'development', true],
    ['off', 'development', false],
  ])('with DOCS=%s in %s serve documentation: %s', (DOCS, NODE_ENV, isServed) => {
    const { areDocsServed } = readConfig({ ...production, NODE_ENV, DOCS });
    expect(areDocsServed).toBe(isServed);
  });

  const production = { DATABASE_URL, KEY_ENCRYPTION_KEY, NODE_ENV: 'production' };

  it('make no demo users', () => {
    expect(readConfig(production).demoPassword).toBeUndefined();
  });

  it('warn of a start without a mail server', () => {
    const warningsOf = (more: object) => readConfig({ ...production, ...more }).warnings.join();
    expect(warningsOf({})).toContain('SMTP_URL is not set');
    const SMTP_URL = 'smtp://localhost';
    expect(warningsOf({ SMTP_URL, MAIL_FROM: 'auth@example.com' })).not.toContain('SMTP_URL');
    expect(warningsOf({ NODE_ENV: 'development' })).not.toContain('SMTP_URL');
  });

  it.each([
    ['no KEY_ENCRYPTION_KEY', { KEY_ENCRYPTION_KEY: '' }, 'KEY_ENCRYPTION_KEY'],
    ['demo users', { SEED_DEMO: 'true' }, 'SEED_DEMO'],
    ['a demo client', { DEMO_CLIENT_SECRET: 'x' }, 'DEMO_CLIENT_SECRET'],
    ['a plain http issuer', { ISSUER: 'http://auth.example.com' }, 'ISSUER'],
    [
      'a list of breached passwords over plain http',
      { BREACHED_PASSWORDS_URL: 'http://list.example' },
      'BREACHED_PASSWORDS_URL',
    ],
    ['one that follows from the address that is listened at', { HOST: '192.0.2.1' }, 'ISSUER'],
  ])('refuse %s', (_, environment, variable) => {
    expect(problems({ ...production, ...environment })).toContain(`${variable}:`);
  });

  it.each(['production', ' Production '])(
    'keep audit events for a day, by NODE_ENV=%j',
    (NODE_ENV) => {
      const environment = { DATABASE_URL, NODE_ENV, AUDIT_RETENTION: '1h' };
      expect(() => databaseConfig(environment)).toThrow('AUDIT_RETENTION: must be at least 1d');
    },
  );

  it.each([
    ['on this machine', { ISSUER: 'http://localhost:3000' }],
    ['where that is asked for', { ISSUER: 'http://auth.internal', ALLOW_HTTP_ISSUER: 'true' }],
  ])('allow a plain http issuer %s', (_, environment) => {
    expect(problems({ ...production, ...environment })).toBe('');
  });
});

describe('CONSOLE', () => {
  it('is on, also in production, unless it is switched off', () => {
    expect(config().isConsoleServed).toBe(true);
    expect(config({ NODE_ENV: 'production', KEY_ENCRYPTION_KEY }).isConsoleServed).toBe(true);
    expect(config({ CONSOLE: 'off' }).isConsoleServed).toBe(false);
    expect(problems({ DATABASE_URL, CONSOLE: 'maybe' })).toContain('CONSOLE');
  });
});
