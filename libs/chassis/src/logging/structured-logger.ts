import type { LoggerService } from '@nestjs/common';
import { hostname } from 'node:os';
import { pino, type DestinationStream, type Level, type Logger } from 'pino';

import { databaseOutage } from '../errors/database-outage.js';
import { currentRequestId, currentTrace } from '../context/request-context.js';
import { traceFields } from '../context/trace-context.js';
import type { LogLevel } from '../settings/service-settings.js';
import { LineLimiter } from './line-limiter.js';
import { loggedError, redact, withoutSecrets, type LoggedError } from './redact.js';

export interface LoggerOptions {
  /** The service, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

type Fields = Record<string, unknown>;

/** Contexts in which Nest logs a line for each module and route at each start. */
const STARTUP = new Set<unknown>([
  'InstanceLoader',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * Nest's logger, which writes lines of JSON to standard output with pino. Each line has the id of
 * its request and its trace, and no line has a secret.
 *
 * As everywhere in Nest, the last text after the message is the context. Objects after the message
 * become members of the line. An error becomes `exception.type`, `exception.message` and so on: where
 * OpenTelemetry's semantic conventions have a name, the member has it.
 *
 * While the database is away, each kind of failure is logged at most once a second and without a
 * stack, because every request adds the same lines. `suppressed` is the number of lines left out. The
 * same is true of any other server that cannot be reached: a code like `ECONNREFUSED` names none.
 */
export class StructuredLogger implements LoggerService {
  private readonly lines: Logger;
  private readonly databaseFailures = new LineLimiter(1_000);

  constructor({ name, level, destination }: LoggerOptions) {
    const options = {
      base: { 'service.name': name, 'host.name': hostname(), 'process.pid': process.pid },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      mixin: () => requestFields(),
      hooks: { streamWrite: redact },
    };
    this.lines = destination ? pino(options, destination) : pino(options);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(STARTUP.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Whether lines of this level are written. */
  isLogged(level: Level): boolean {
    return this.lines.isLevelEnabled(level);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.isLogged(level)) return;
    const fields: Fields = {};
    let error: Error | undefined;
    const texts = [message, ...rest].filter((part) => {
      if (part instanceof Error) error = part;
      else if (typeof part === 'object' && part !== null) Object.assign(fields, part);
      else return part !== undefined;
      return false;
    });
    if (rest.length > 0 && typeof rest.at(-1) === 'string') fields.context = texts.pop();
    const text = texts.map(String).join(' ');
    const isOutage = databaseOutage(error) !== undefined;
    const failure = error && loggedError(error, { withStack: !isOutage });
    if (failure && isOutage) {
      const suppressed = this.databaseFailures.admit(`${text} ${failure.code ?? failure.message}`);
      if (suppressed === undefined) return;
      if (suppressed > 0) fields.suppressed = suppressed;
    }
    const line = { ...(withoutSecrets(fields) as Fields), ...(failure && errorFields(failure)) };
    this.lines[level](line, text || undefined);
  }
}

function errorFields({ type, message, code, stack, cause }: LoggedError): Fields {
  return {
    'error.type': code ?? type,
    'exception.type': type,
    'exception.message': message,
    ...(stack !== undefined && { 'exception.stacktrace': stack }),
    ...(cause && { 'exception.cause': cause }),
  };
}

function requestFields(): Fields {
  const trace = currentTrace();
  return trace ? { requestId: currentRequestId(), ...traceFields(trace) } : {};
}
