import {
  connectionConfig,
  prepareSession,
  withDatabase,
  type ConnectionConfig,
} from '@jwt-auth/jwt-core/postgres';
import type { LoggerService } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

import { KEEP_ALIVE } from './database-options.js';
import { DatabaseError, databaseOutage, errorCode } from '../errors/database-outage.js';

/** Another process was faster. */
const ALREADY_MADE = new Set(['42P04', '23505']);
const DATABASE_MISSING = '3D000';
const CONNECT_TIMEOUT_MS = 5_000;
/** Later than any answer: only for a server that answers no more, on a connection still open. */
export const SILENCE_MS = 30_000;
const RETRY_MS = 500;

/**
 * Waits until the database answers, and makes it if it is missing.
 *
 * @throws DatabaseError `unreachable` when the server cannot be used within `waitMs`, `missing` when
 *   there is no such database and this user may not make it. `refused` at once for what does not
 *   pass by itself, such as a wrong password or a server without the required TLS.
 */
export async function reachDatabase(
  url: string,
  logger: LoggerService,
  waitMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await withClient(url, async () => undefined);
      return;
    } catch (error) {
      if (errorCode(error) === DATABASE_MISSING) return createDatabase(url, logger);
      const reason = databaseOutage(error)?.reason;
      if (reason === undefined || isLoginRefused(error)) {
        const message = `Postgres at ${hostOf(url)} cannot be used: ${(error as Error).message}`;
        throw new DatabaseError('refused', message, { cause: error });
      }
      if (performance.now() > deadlineMs) {
        const seconds = Math.round(waitMs / 1000);
        const message = `Postgres at ${hostOf(url)} ${reason}, after ${seconds} s of trying`;
        throw new DatabaseError('unreachable', message, { cause: error });
      }
      if (attempt === 1) logger.warn(`Waiting for Postgres at ${hostOf(url)}`, error);
    }
    await delay(RETRY_MS);
  }
}

/** In a service that runs this may pass, as while a password is being changed. */
function isLoginRefused(error: unknown): boolean {
  return errorCode(error)?.startsWith('28') === true;
}

async function createDatabase(url: string, logger: LoggerService): Promise<void> {
  const { database: name = '' } = connectionConfig(url);
  try {
    const statement = `CREATE DATABASE ${pg.escapeIdentifier(name)}`;
    await withClient(withDatabase(url, 'postgres'), (client) => client.query(statement));
    logger.log(`Created the database "${name}"`);
  } catch (error) {
    if (ALREADY_MADE.has(errorCode(error) ?? '')) return;
    const message =
      `The database "${name}" does not exist, and this user cannot create it. ` +
      `An administrator can run: CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER …`;
    throw new DatabaseError('missing', message, { cause: error });
  }
}

/**
 * Runs `work` with a connection of its own, outside of any pool.
 *
 * @param answerMs how long to wait for an answer of the server
 */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
  answerMs = SILENCE_MS,
): Promise<T> {
  const client = await connect(connectionConfig(url), answerMs);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** By the first of the ways that leads to the database. */
async function connect(config: ConnectionConfig, answerMs: number): Promise<pg.Client> {
  const client = new pg.Client({
    ...config,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...KEEP_ALIVE,
    query_timeout: answerMs,
  });
  // A connection that drops between two queries is noticed by the next one, and must not crash.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepareSession(client, config);
    return client;
  } catch (error) {
    await client.end();
    if (!config.fallback) throw error;
    return connect(config.fallback, answerMs);
  }
}

function hostOf(url: string): string {
  const hosts: string[] = [];
  for (let way: ConnectionConfig | undefined = connectionConfig(url); way; way = way.fallback) {
    hosts.push(`${way.host ?? 'localhost'}:${way.port ?? 5432}`);
  }
  return [...new Set(hosts)].join(', ');
}
