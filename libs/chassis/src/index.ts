export {
  isProduction,
  parseSettings,
  SettingsError,
  type Environment,
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
  type Setting,
} from './settings/setting.js';
export {
  addressFromHere,
  httpUrl,
  isExposedHttp,
  postgresUrl,
  trustProxy,
  type TrustProxy,
} from './settings/addresses.js';
export {
  SERVICE_SETTINGS,
  ServiceConfig,
  versionIn,
  type DatabaseLimits,
} from './settings/service-settings.js';
export { allowsHttpIssuer, issuerProblem, TOKEN_SETTINGS } from './settings/token-settings.js';
export { inSpan } from './tracing/spans.js';
export { StructuredLogger } from './logging/structured-logger.js';
export { createHttpApp } from './http/http-app.js';
export { callerAddress, networkOf } from './http/caller-address.js';
export { connectionEnd } from './http/bounded-server.js';
export {
  Identifier,
  isPercentEncodedUtf8,
  isText,
  line,
  oneLine,
  toUuid,
  Uuid,
} from './http/text.js';
export { RouteOptions } from './http/route-options.js';
export { ApiProblem } from './http/docs.js';
export { serviceProblem } from './http/service-problem.js';
export { HealthModule } from './health/health.module.js';
export { MetricsModule } from './metrics/metrics.module.js';
export { counters, gauge, type MetricSource } from './metrics/metric-source.js';
export { jwtCoreMetrics } from './metrics/jwt-core-metrics.js';
export { buildMetrics, databasePoolMetrics } from './metrics/service-metrics.js';
export { StartProgress } from './readiness/start-progress.js';
export { ServiceServer } from './http/service-server.js';
export { runProgram } from './process/run-program.js';
export { runService } from './process/run-service.js';
export { databaseOptions, type DatabaseOptions } from './database/database-options.js';
export { openDatabase, type OpenOptions } from './database/open-database.js';
export { databaseReadiness } from './database/database-readiness.js';
export { DatabaseError } from './errors/database-outage.js';
export {
  entityColumns,
  execute,
  insertRows,
  type EntityColumns,
  type NewRow,
  type Statement,
} from './database/statement.js';

export { RetentionModule, Retention, type ExpiredRows } from './retention/retention.js';
export { pageOf, PageQuery, readLatestFirst, readPage, type Page } from './pages/page.js';
export { PageCursorError } from './pages/page-cursor.js';
