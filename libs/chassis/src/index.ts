export {
  parseSettings,
  SettingsError,
  type Environment,
  type SettingProblem,
} from './settings/parse-settings.js';
export {
  base64Key,
  choice,
  duration,
  flag,
  parseDuration,
  port,
  setting,
  text,
  wholeNumber,
  type DurationText,
  type Setting,
} from './settings/setting.js';
export {
  addressFromHere,
  httpUrl,
  isExposedHttp,
  postgresUrl,
  trustProxy,
  type ListenAddress,
  type TrustProxy,
} from './settings/addresses.js';
export { SERVICE_SETTINGS, ServiceConfig } from './settings/service-settings.js';
export { inSpan, type SpanStart } from './tracing/spans.js';
export { currentRequestId } from './tracing/request-context.js';
export { LOG_LEVELS, StructuredLogger, type LogLevel } from './logging/structured-logger.js';
export { createHttpApp, type HttpAppOptions } from './http/http-app.js';
export type { CorsOptions } from './http/cors.js';
export { callerAddress, networkOf } from './http/caller-address.js';
export { connectionEnd } from './http/connection-end.js';
export { Identifier, toUuid, Uuid } from './http/identifier.js';
export { line, oneLine } from './http/line.js';
export { isPercentEncodedUtf8, isText } from './http/text.js';
export { RouteOptions } from './http/route-options.js';
export { ApiProblem, type Documentation } from './http/docs.js';
export { serviceProblem } from './http/service-problem.js';
export { HealthModule, type HealthOptions } from './health/health.module.js';
export { versionIn, type Build } from './health/build.js';
export type { ReadinessCheck } from './health/readiness.js';
export { MetricsModule, type MetricsOptions } from './metrics/metrics.module.js';
export {
  counter,
  counters,
  gauge,
  stateGauge,
  type MetricSource,
} from './metrics/metric-source.js';
export { jwtCoreMetrics } from './metrics/jwt-core-metrics.js';
export { buildMetrics } from './metrics/build-metrics.js';
export { databasePoolMetrics } from './metrics/database-pool-metrics.js';
export { StartProgress } from './process/start-progress.js';
export { ServiceServer, type ServiceServerOptions } from './process/service-server.js';
export { runProgram, type Program } from './process/run-program.js';
export { runService, type Service } from './process/run-service.js';
export {
  databaseOptions,
  type DatabaseDescription,
  type DatabaseLimits,
  type DatabaseOptions,
} from './database/database-options.js';
export { openDatabase, type OpenOptions } from './database/open-database.js';
export type { AppRole } from './database/app-role.js';
export { databaseReadiness } from './database/database-readiness.js';
export { DatabaseError } from './database/database-error.js';
export {
  entityColumns,
  execute,
  insertRow,
  insertRows,
  type EntityColumns,
  type NewRow,
  type Statement,
} from './database/statement.js';

export {
  RetentionModule,
  Retention,
  type ExpiredRows,
  type Removed,
  type RetentionOptions,
} from './retention/retention.js';
export {
  pageOf,
  PageQuery,
  readLatestFirst,
  readPage,
  type Listing,
  type Page,
} from './pages/page.js';
export { PageCursorError } from './pages/page-cursor.js';
