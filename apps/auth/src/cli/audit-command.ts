import { once } from 'node:events';

import {
  DatabaseError,
  parseDuration,
  SettingsError,
  StructuredLogger,
  type Environment,
} from '@jwt-auth/chassis';

import { AuditRepository } from '../audit/audit.repository.js';
import { openAuthDatabase } from '../database/auth-database.js';
import { databaseConfig } from '../settings.js';

const USAGE = `Usage: npm run audit -- export [--since <time>] [--until <time>]

Prints audit events as lines of JSON, the earliest first. A time is a date (2026-11-01), a date and time
(2026-11-01T06:30:00Z) or an age (36h, 30d). Default: all until now. Needs DATABASE_URL.`;

/** A date, or a date and time with its zone (RFC 3339). */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Earlier than any event. */
const BEGINNING = new Date(0);

interface Period {
  readonly since: Date;
  readonly until: Date;
}

/** Runs a command about the audit log, and returns the exit code of its process. */
export async function runAuditCommand(
  args: readonly string[],
  streams: { readonly results: NodeJS.WritableStream; readonly output: NodeJS.WritableStream },
  environment?: Environment,
): Promise<number> {
  const period = periodOf(args);
  if (!period) {
    streams.output.write(`${USAGE}\n`);
    return 2;
  }
  try {
    await print(period, streams.results, environment);
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof DatabaseError)) throw error;
    streams.output.write(`${error.message}\n`);
    return 1;
  }
}

async function print(
  { since, until }: Period,
  results: NodeJS.WritableStream,
  environment?: Environment,
): Promise<void> {
  const logger = new StructuredLogger({ name: 'audit', level: 'warn' });
  // It only reads, and changes no schema either.
  const options = { logger, migrations: 'await', waitMs: 0 } as const;
  const dataSource = await openAuthDatabase(databaseConfig(environment), options);
  try {
    for await (const event of new AuditRepository(dataSource).between(since, until)) {
      if (!results.write(`${JSON.stringify(event)}\n`)) await once(results, 'drain');
    }
  } finally {
    await dataSource.destroy();
  }
}

function periodOf([command, ...options]: readonly string[]): Period | undefined {
  if (command !== 'export' || options.length % 2 !== 0) return undefined;
  const given = new Map<string, Date>();
  for (let i = 0; i < options.length; i += 2) {
    const [name = '', value = ''] = options.slice(i, i + 2);
    const time = timeOf(value);
    if (!['--since', '--until'].includes(name) || given.has(name) || !time) return undefined;
    given.set(name, time);
  }
  return { since: given.get('--since') ?? BEGINNING, until: given.get('--until') ?? new Date() };
}

function timeOf(text: string): Date | undefined {
  const ageMs = parseDuration(text);
  const time = ageMs === undefined ? new Date(TIME.test(text) ? text : NaN) : ago(ageMs);
  return Number.isNaN(+time) ? undefined : time;
}

function ago(ageMs: number): Date {
  return new Date(Math.max(0, Date.now() - ageMs));
}
