import type { DataSource } from 'typeorm';

import { StructuredLogger, type LogLevel } from '../logging/structured-logger.js';
import { SettingsError } from '../settings/parse-settings.js';
import { reportFailedStart } from './failed-start.js';
import { logProcessWarnings } from './process-warnings.js';

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
