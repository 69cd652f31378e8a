import { readFileSync } from 'node:fs';
import type { z } from 'zod';

import {
  listenHost,
  pageOrigins,
  trustProxy,
  type ListenAddress,
  type TrustProxy,
} from './addresses.js';
import { TRACING_SETTINGS, tracingOf, type TracingOptions } from './tracing-settings.js';
import { choice, duration, flag, port, text, wholeNumber } from './setting.js';

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What bounds the use of the database. */
export interface DatabaseLimits {
  /** The most connections. */
  readonly poolSize: number;
  /** How long to wait for a connection, new or of the pool. */
  readonly connectWaitMs: number;
  /** After which the server ends a statement. */
  readonly statementTimeoutMs: number;
}

export const DEFAULT_DATABASE_LIMITS: DatabaseLimits = {
  poolSize: 10,
  connectWaitMs: 5_000,
  statementTimeoutMs: 10_000,
};

/** Which pages of other origins may call a service, and how (Fetch standard, "CORS protocol"). */
export interface CorsOptions {
  /** As browsers send them in `Origin`. */
  readonly origins: readonly string[];
  /** Whether pages may send their cookies and read the cookies of answers. */
  readonly credentials?: boolean;
}

/** The variables that every service reads: members for the schema of its settings. See `ServiceConfig`. */
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
  // With one, readiness would wait behind requests.
  DATABASE_POOL_SIZE: wholeNumber(2, 1_000).default(DEFAULT_DATABASE_LIMITS.poolSize),
  DATABASE_CONNECT_WAIT: duration('100ms', '1m').default(DEFAULT_DATABASE_LIMITS.connectWaitMs),
  DATABASE_STATEMENT_TIMEOUT: duration('100ms', '10m').default(
    DEFAULT_DATABASE_LIMITS.statementTimeoutMs,
  ),
  /** `off`: a start only checks that the command `migrate` was run. */
  MIGRATE: flag().default(true),
  ...TRACING_SETTINGS,
};

type ServiceSettings = z.output<z.ZodObject<typeof SERVICE_SETTINGS>>;

/** What the settings of a service have under names of its own, and what is no setting. */
interface OwnConfig {
  /** Of its package. */
  readonly version: string;
  readonly port: number;
  /** `undefined`: metrics are not served. */
  readonly metricsPort: number | undefined;
  /** The path below which the routes are served, such as `/tenant`. Default: the root alone. */
  readonly basePath?: string;
  /** Whether pages of `CORS_ORIGINS` may send their cookies. Default: no. */
  readonly credentials?: boolean;
  /** What the settings have that is ignored. */
  readonly warnings: readonly string[];
}

/** Which program runs. */
export interface Build {
  /** Of its package, as `0.1.0`. */
  readonly version: string;
  /** Of its sources, or `unknown`. */
  readonly commit: string;
}

/** The version that a `package.json` has. @throws Error if it has none */
export function versionIn(packageFile: URL): string {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version?: unknown };
  if (typeof version !== 'string') throw new Error(`There is no version in ${packageFile.href}`);
  return version;
}

/** What `SERVICE_SETTINGS` say: the `Config` of each service extends it. */
export class ServiceConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the metrics are served; `undefined`: nowhere. */
  readonly metricsAddress: ListenAddress | undefined;
  /** The path below which the routes are served, without a slash at the end. */
  readonly basePath: string;
  readonly databaseLimits: DatabaseLimits;
  /** Whether a start migrates, or waits until that was done. */
  readonly migrations: 'run' | 'await';
  readonly logLevel: LogLevel;
  readonly trustProxy: TrustProxy;
  /** Pages of other origins that may call. */
  readonly cors: CorsOptions;
  readonly build: Build;
  /** `undefined`: no spans are recorded. */
  readonly tracing: TracingOptions | undefined;
  /** How long readiness says 503, and requests are still served, before the process stops. */
  readonly shutdownDelayMs: number;
  /** Logged at the start. */
  readonly warnings: readonly string[];
  /** Whether `/docs` is there. */
  readonly areDocsServed: boolean;

  constructor(
    settings: ServiceSettings,
    { version, port, metricsPort, basePath = '', credentials = false, warnings }: OwnConfig,
  ) {
    this.host = settings.HOST;
    this.port = port;
    this.metricsAddress =
      metricsPort === undefined ? undefined : { host: settings.METRICS_HOST, port: metricsPort };
    this.basePath = basePath;
    this.databaseLimits = {
      poolSize: settings.DATABASE_POOL_SIZE,
      connectWaitMs: settings.DATABASE_CONNECT_WAIT,
      statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT,
    };
    this.migrations = settings.MIGRATE ? 'run' : 'await';
    this.logLevel = settings.LOG_LEVEL;
    this.trustProxy = settings.TRUST_PROXY;
    this.cors = { origins: settings.CORS_ORIGINS, credentials };
    this.build = { version, commit: settings.BUILD_COMMIT };
    this.tracing = tracingOf(settings);
    this.shutdownDelayMs = settings.SHUTDOWN_DELAY;
    this.warnings = warnings;
    this.areDocsServed = settings.DOCS ?? settings.NODE_ENV !== 'production';
  }
}
