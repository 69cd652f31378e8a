import { errorCode } from './database-error.js';

/** A server that is not there, or not for this connection: SQLSTATE and codes of the system. */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '53300', // too many connections
  '57P01', // stopped by an administrator
  '57P02', // stopped by a crash
  '57P03', // starting up or shutting down
]);

/** How `pg` begins what it says of its own accord, without a code. */
const MESSAGES = [
  'Client has encountered a connection error',
  'Client was closed',
  'Connection terminated',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
];

/** Whether an error says that the database could not be asked, and may be in a moment. */
export function isConnectionLoss(error: unknown): boolean {
  // Node gathers the failures of all addresses of a host.
  if (error instanceof AggregateError) return error.errors.every(isConnectionLoss);
  if (!(error instanceof Error)) return false;
  const code = errorCode(error);
  return code === undefined
    ? MESSAGES.some((beginning) => error.message.startsWith(beginning))
    : CODES.has(code);
}
