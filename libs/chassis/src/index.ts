export {
  parseSettings,
  SettingsError,
  type Environment,
  type SettingProblem,
} from './settings/parse-settings.js';
export {
  choice,
  flag,
  port,
  setting,
  text,
  wholeNumber,
  type Setting,
} from './settings/setting.js';
export { duration, parseDuration, type DurationText } from './settings/duration.js';
export { httpUrl, postgresUrl, trustProxy, type TrustProxy } from './settings/addresses.js';
export { base64Key } from './settings/secret-key.js';
export { StructuredLogger, LOG_LEVELS, type LogLevel } from './logging/structured-logger.js';
export { currentRequestId } from './logging/request-context.js';
export {
  databaseOptions,
  type DatabaseDescription,
  type DatabaseOptions,
} from './database/database-options.js';
export { openDatabase, type OpenOptions } from './database/open-database.js';
export { databaseReadiness } from './database/database-readiness.js';
export { DatabaseError } from './database/database-error.js';
