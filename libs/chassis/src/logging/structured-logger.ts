import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type Logger } from 'pino';

import { databaseOutage } from '../database/database-outage.js';
import { currentRequestId, currentTrace } from '../tracing/request-context.js';
import { traceFields } from '../tracing/trace-context.js';
import { LineLimiter } from './line-limiter.js';
import { loggedError, redact, withoutSecrets } from './redact.js';

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

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
 * become members of the line, and an error becomes `err`.
 *
 * While the database is away, each kind of failure is logged at most once a second and without a
 * stack, because every request adds the same lines. `suppressed` is the number of lines left out.
 */
export class StructuredLogger implements LoggerService {
  private readonly lines: Logger;
  private readonly databaseFailures = new LineLimiter(1_000);

  constructor({ name, level, destination }: LoggerOptions) {
    const options = {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      // `withoutSecrets` has serialized the error already. pino's serializer would drop its causes.
      serializers: { err: (error: unknown) => error },
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
    const texts = [message, ...rest].filter((part) => {
      if (part instanceof Error) fields.err = part;
      else if (typeof part === 'object' && part !== null) Object.assign(fields, part);
      else return part !== undefined;
      return false;
    });
    if (rest.length > 0 && typeof rest.at(-1) === 'string') fields.context = texts.pop();
    const text = texts.map(String).join(' ');
    if (databaseOutage(fields.err)) {
      const failure = loggedError(fields.err, { withStack: false });
      fields.err = failure;
      const suppressed = this.databaseFailures.admit(`${text} ${failure.code ?? failure.message}`);
      if (suppressed === undefined) return;
      if (suppressed > 0) fields.suppressed = suppressed;
    }
    this.lines[level](withoutSecrets(fields), text || undefined);
  }
}

function requestFields(): Fields {
  const trace = currentTrace();
  return trace ? { requestId: currentRequestId(), ...traceFields(trace) } : {};
}
