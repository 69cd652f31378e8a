import type { LoggerService } from '@nestjs/common';
import type { DataSource } from 'typeorm';

import { StructuredLogger } from '../logging/structured-logger.js';
import { isProduction, SettingsError } from '../settings/parse-settings.js';
import type { LogLevel } from '../settings/service-settings.js';

/** What the program of a service does. */
export interface Program {
  /** In log lines and messages. */
  readonly name: string;
  /** Without an argument. */
  readonly serve: () => Promise<void>;
  /**
   * With the argument `migrate`: opens the database so that it is migrated.
   *
   * @throws SettingsError and whatever a migration throws
   */
  readonly migrate: (logger: StructuredLogger) => Promise<DataSource>;
}

/** Runs a service, or its command `migrate`. */
export async function runProgram(program: Program, args = process.argv.slice(2)): Promise<void> {
  if (args.length === 0) return program.serve();
  if (args.length === 1 && args[0] === 'migrate') return migrate(program);
  process.stderr.write(
    `Usage: node main.js [migrate]\n\nWithout an argument it runs ${program.name}. ` +
      'migrate brings its database up to date, and ends.\n',
  );
  process.exitCode = 2;
}

async function migrate({ name, migrate: open }: Program): Promise<void> {
  const level: LogLevel = 'info';
  const logger = new StructuredLogger({ name, level });
  logProcessWarnings(logger);
  try {
    const dataSource = await open(logger);
    await dataSource.destroy();
    logger.log('The database is up to date');
  } catch (error) {
    const what = error instanceof SettingsError ? `${name} does not migrate` : 'Not migrated';
    reportFailedStart(name, what, error);
  }
}

/**
 * Reports why a program ends before it could make its logger, and sets the exit code 1. Wrong settings
 * are a text for an operator, and in production a line of the log, in the format that log collectors read.
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

/**
 * Logs the warnings of Node and of packages, such as deprecations, which Node would write as text to
 * standard error. With `--no-warnings` Node reports none.
 */
export function logProcessWarnings(logger: LoggerService): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    logger.warn('Warning of the process', warning, 'Process');
  });
}
