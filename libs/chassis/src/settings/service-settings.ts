import type { DatabaseLimits } from '../database/database-options.js';
import { LOG_LEVELS } from '../logging/structured-logger.js';
import { listenHost, trustProxy } from './addresses.js';
import { pageOrigins } from './page-origins.js';
import { TRACING_SETTINGS } from './tracing-settings.js';
import { choice, duration, flag, port, text, wholeNumber } from './setting.js';

/** The variables that every service reads: members for the schema of its settings. */
export const SERVICE_SETTINGS = {
  HOST: listenHost().default('127.0.0.1'),
  /** Where the app's own variable, as `AUTH_PORT`, says nothing. */
  PORT: port().optional(),
  METRICS_HOST: listenHost().default('127.0.0.1'),
  LOG_LEVEL: choice(...LOG_LEVELS).default('info'),
  DOCS: flag().optional(),
  NODE_ENV: choice('development', 'test', 'production').default('development'),
  CORS_ORIGINS: pageOrigins().default([]),
  SHUTDOWN_DELAY: duration('0s', '5m').default(0),
  /** Of the sources that the program was built from. */
  BUILD_COMMIT: text(64).default('unknown'),
  TRUST_PROXY: trustProxy().default(false),
  ...TRACING_SETTINGS,
};

/** The variables about the database: members for the schema of a service that has one. */
export const DATABASE_SETTINGS = {
  // With one, readiness would wait behind requests.
  DATABASE_POOL_SIZE: wholeNumber(2, 1_000).default(10),
  DATABASE_CONNECT_WAIT: duration('100ms', '1m').default(5_000),
  DATABASE_STATEMENT_TIMEOUT: duration('100ms', '10m').default(10_000),
};

/** Who migrates the database: members for the schema of a service that has one. */
export const MIGRATION_SETTINGS = {
  /** `off`: a start only checks that the command `migrate` was run. */
  MIGRATE: flag().default(true),
};

/** @returns the limits of every wait for the database */
export function databaseLimitsOf(
  settings: Readonly<Record<keyof typeof DATABASE_SETTINGS, number>>,
): DatabaseLimits {
  return {
    poolSize: settings.DATABASE_POOL_SIZE,
    connectWaitMs: settings.DATABASE_CONNECT_WAIT,
    statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT,
  };
}

/** Whether `/docs` is there: unless `DOCS` says so, everywhere but in production. */
export function areDocsServed({
  DOCS,
  NODE_ENV,
}: {
  DOCS?: boolean | undefined;
  NODE_ENV: string;
}) {
  return DOCS ?? NODE_ENV !== 'production';
}
