import { LOG_LEVELS } from '../logging/structured-logger.js';
import { trustProxy } from './addresses.js';
import { pageOrigins } from './page-origins.js';
import { choice, duration, flag, port, text } from './setting.js';

/** The variables that every service reads: members for the schema of its settings. */
export const SERVICE_SETTINGS = {
  HOST: text().default('127.0.0.1'),
  /** Where the app's own variable, as `AUTH_PORT`, says nothing. */
  PORT: port().optional(),
  METRICS_HOST: text().default('127.0.0.1'),
  LOG_LEVEL: choice(...LOG_LEVELS).default('info'),
  DOCS: flag().optional(),
  NODE_ENV: choice('development', 'test', 'production').default('development'),
  CORS_ORIGINS: pageOrigins().default([]),
  SHUTDOWN_DELAY: duration('0s', '5m').default(0),
  TRUST_PROXY: trustProxy().default(false),
};

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
