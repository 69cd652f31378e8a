import { RevocationSourceError } from '@jwt-auth/jwt-core';
import { ServerNotWritableError } from '@jwt-auth/jwt-core/postgres';
import {
  CannotExecuteNotConnectedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';

/** Why the database cannot be used. `message` is for operators: it says what to do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';

  constructor(
    readonly code:
      | 'unreachable'
      | 'refused'
      | 'missing'
      | 'lock_timeout'
      | 'not_migrated'
      | 'role_missing',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The SQLSTATE or system error code of what `pg` throws. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Why the database cannot do something now, although it may in a moment. */
export interface DatabaseOutage {
  /** For operators, after "The database": `is read-only`. Without names, addresses or values. */
  readonly reason: string;
  /** Nothing was committed, and the same transaction may well succeed if it is run again now. */
  readonly isRetryable?: boolean;
  /** The connection must not be used again, and others that were opened before it hardly either. */
  readonly spoilsConnection?: boolean;
  /** What needs space fails, and the rest goes on. */
  readonly lacksSpace?: boolean;
}

const unreachable: DatabaseOutage = { reason: 'cannot be reached' };
const conflict: DatabaseOutage = {
  reason: 'had to undo one of two transactions',
  isRetryable: true,
};
const readOnly: DatabaseOutage = { reason: 'is read-only', spoilsConnection: true };
const silent: DatabaseOutage = { reason: 'does not answer', spoilsConnection: true };
const outdatedPlan: DatabaseOutage = {
  reason: 'was changed under a prepared statement',
  isRetryable: true,
  spoilsConnection: true,
};

/** By SQLSTATE (PostgreSQL documentation, appendix A), or by a code of the system. */
const CODES: Readonly<Record<string, DatabaseOutage>> = {
  '25006': readOnly,
  '25P03': { reason: 'ended a transaction that took too long' },
  '25P04': { reason: 'ended a transaction that took too long' },
  '26000': outdatedPlan,
  '3D000': { reason: 'does not exist' },
  '40000': conflict,
  '40001': conflict,
  '40003': { reason: 'cannot say whether it committed' },
  '40P01': conflict,
  '53100': { reason: 'has no space left on disk', lacksSpace: true },
  '53200': { reason: 'has no memory left' },
  '53300': { reason: 'has no connection left' },
  '55P03': { reason: 'could not lock a row or table in time' },
  '57014': { reason: 'canceled a statement, or it took too long' },
  ...Object.fromEntries(
    [
      'EAI_AGAIN',
      'ECONNABORTED',
      'ECONNREFUSED',
      'ECONNRESET',
      'EHOSTDOWN',
      'EHOSTUNREACH',
      'ENETDOWN',
      'ENETUNREACH',
      'ENOTFOUND',
      'EPIPE',
      'ETIMEDOUT',
    ].map((code) => [code, unreachable]),
  ),
};

/** By the first two characters of a SQLSTATE: what is not in the table above. */
const CLASSES: Readonly<Record<string, DatabaseOutage>> = {
  '08': unreachable,
  '28': { reason: 'refuses the login' },
  '53': { reason: 'has no resources left' },
  '55': { reason: 'is not in a state for this' },
  '57': { reason: 'was stopped, or is starting' },
  '58': { reason: 'has a fault of its system' },
};

/** How `pg` begins what it reports by itself, without a code. */
const MESSAGES: readonly (readonly [string, DatabaseOutage])[] = [
  ['Query read timeout', silent],
  ...[
    'Cannot use a pool after calling end',
    'Client has encountered a connection error',
    'Client was closed',
    'Connection terminated',
    'Driver not Connected',
    'timeout exceeded when trying to connect',
    'timeout expired',
  ].map((beginning) => [beginning, unreachable] as const),
];

/** TypeORM's errors when a connection was lost between two statements, or the pool was closed. */
const LOST_CONNECTIONS = [
  CannotExecuteNotConnectedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
];

/**
 * Why the database could not do it just now. `undefined` for any other error: a statement that is
 * wrong, a value that a constraint refuses, a bug.
 */
export function databaseOutage(error: unknown): DatabaseOutage | undefined {
  // Node gathers the failures of all addresses of a host.
  if (error instanceof AggregateError) {
    const outages = error.errors.map(databaseOutage);
    return outages.every((outage) => outage !== undefined) ? outages[0] : undefined;
  }
  if (!(error instanceof Error)) return undefined;
  if (error instanceof DatabaseError) return databaseOutage(error.cause) ?? unreachable;
  // The feed of revocations reads the database by a connection of its own.
  if (error instanceof RevocationSourceError) {
    return error.cause === undefined ? unreachable : databaseOutage(error.cause);
  }
  if (error instanceof ServerNotWritableError) return readOnly;
  if (LOST_CONNECTIONS.some((lost) => error instanceof lost)) return unreachable;
  const code = errorCode(error);
  if (isMissingSocket(error, code)) return unreachable;
  if (code === undefined) return MESSAGES.find(([text]) => error.message.startsWith(text))?.[1];
  if (code === '0A000' && error.message.startsWith('cached plan')) return outdatedPlan;
  return CODES[code] ?? (/^[\dA-Z]{5}$/.test(code) ? CLASSES[code.slice(0, 2)] : undefined);
}

/** A socket in the file system is there, and may be used, once the server has started. */
function isMissingSocket(error: Error, code: string | undefined): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'connect' && (code === 'ENOENT' || code === 'EACCES');
}
