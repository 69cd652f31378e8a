import { StructuredLogger } from '../logging/structured-logger.js';
import { isProduction, SettingsError } from '../settings/parse-settings.js';

/**
 * Reports why a program ends before it could make its logger, and sets the exit code 1. Wrong settings
 * are a text for people, and in production a line of the log, as whatever collects logs expects it.
 *
 * @param what such as `auth does not start`
 */
export function reportFailedStart(name: string, what: string, error: unknown): void {
  process.exitCode = 1;
  // oxlint-disable-next-line no-restricted-properties -- there are no settings
  if (error instanceof SettingsError && !isProduction(process.env)) {
    process.stderr.write(`${what}. ${error.message}\n`);
    return;
  }
  // The level may be what is wrong.
  const logger = new StructuredLogger({ name, level: 'fatal' });
  if (!(error instanceof SettingsError)) return logger.fatal(what, error);
  logger.fatal(`${what}: the settings are wrong`, { problems: error.problems });
}
