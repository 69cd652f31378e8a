import { isReadOnly, prepareSession, type ConnectionConfig } from '@jwt-auth/jwt-core/postgres';
import { Socket } from 'node:net';
import pg from 'pg';
import type { DataSource } from 'typeorm';

import { currentTracer } from '../tracing/spans.js';
import { inStatementSpan } from '../tracing/statement-spans.js';
import { DatabaseError, databaseOutage } from '../errors/database-outage.js';

export interface DatabasePoolOptions extends pg.PoolConfig {
  readonly connection: ConnectionConfig;
}

/** What the clients of a pool share. */
interface Target {
  /** Where the next connection goes. */
  config: ConnectionConfig;
  /** A connection that was opened before this moment is not given out again. */
  trustedSinceMs: number;
  /** A statement lacked space, and none that needs it has worked since. */
  lacksSpace: boolean;
}

/** Writes a temporary file, for which a role needs no right, in the folder of the tables. */
const USE_SPACE = `SET LOCAL work_mem = '64kB'; SELECT count(*) FROM generate_series(1, 5000)`;

type Query = (...query: readonly unknown[]) => unknown;

/**
 * A connection that ends as soon as an error says that it is no longer any good: the server left a
 * query unanswered, or has become read-only. `pg` itself would put it back into the pool, where the
 * next caller meets the same error, for up to a quarter of an hour.
 */
class DatabaseClient extends pg.Client {
  readonly config: ConnectionConfig;
  isNew = true;
  private readonly target: Target;
  private readonly openedAtMs = performance.now();
  private readonly socket: Socket;

  constructor({ target, ...options }: pg.ClientConfig & { readonly target: Target }) {
    const socket = new Socket();
    super({ ...options, ...target.config, stream: () => socket });
    this.config = target.config;
    this.target = target;
    this.socket = socket;
    // A query that is under way fails, too. An event without a listener would end the process.
    this.on('error', () => undefined);
    // By assignment, so that the many forms of a query need not be repeated here.
    const query = this.query.bind(this) as Query;
    this.query = ((...given: readonly unknown[]) => {
      const result = currentTracer()
        ? inStatementSpan(this, given[0], () => query(...given))
        : query(...given);
      if (result instanceof Promise) result.catch((error: unknown) => this.noteOutage(error));
      return result;
    }) as pg.Client['query'];
  }

  get isTrusted(): boolean {
    return this.isNew || this.openedAtMs > this.target.trustedSinceMs;
  }

  /** Ends without waiting for the server, which may be gone. */
  discard(): void {
    // The pool keeps no client that is ending.
    void this.end();
    this.socket.destroy();
  }

  /** As `discard`, and no connection that was opened before now is given out again. */
  discardAll(): void {
    this.discard();
    this.target.trustedSinceMs = performance.now();
  }

  private noteOutage(error: unknown): void {
    const outage = databaseOutage(error);
    if (outage?.spoilsConnection) this.discardAll();
    if (outage?.lacksSpace) this.target.lacksSpace = true;
  }
}

type PooledClient = DatabaseClient & pg.PoolClient;
type Callback = Parameters<pg.Pool['connect']>[0];

/**
 * A pool that tries the ways to reach the database in turn and prepares each connection. Once a
 * connection is spoiled, all that were opened before are replaced: after a fail-over, one error is
 * enough to get rid of every connection to the old primary.
 */
export class DatabasePool extends pg.Pool {
  private readonly target: Target;
  private readonly first: ConnectionConfig;

  constructor({ connection, ...options }: DatabasePoolOptions) {
    const target: Target = { config: connection, trustedSinceMs: -Infinity, lacksSpace: false };
    const onConnect = (client: pg.ClientBase) =>
      prepareSession(client, (client as DatabaseClient).config);
    super({ ...options, target, Client: DatabaseClient, onConnect } as unknown as pg.PoolConfig);
    this.target = target;
    this.first = connection;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | void {
    const opening = this.open();
    if (!callback) return opening;
    const nothing = (): void => undefined;
    opening.then(
      (client) => callback(undefined, client, (error) => client.release(error as Error)),
      (error: Error) => callback(error, undefined, nothing),
    );
  }

  /**
   * Whether the server accepts writes now. If it does not, its connections are replaced, so that none
   * remains when it does again.
   *
   * @throws DatabaseError `unreachable`, or what the query failed with
   */
  async isWritable(answerMs: number): Promise<boolean> {
    const client = (await this.open()) as PooledClient;
    try {
      if (!(await isReadOnly(client, answerMs))) return true;
      client.discardAll();
      return false;
    } finally {
      client.release();
    }
  }

  /**
   * Uses some space if a statement lacked it, until that works.
   *
   * @throws DatabaseError `unreachable`, or what the server refuses it with
   */
  async useSpace(answerMs: number): Promise<void> {
    if (!this.target.lacksSpace) return;
    const client = await this.open();
    try {
      await client.query({ text: USE_SPACE, query_timeout: answerMs } as pg.QueryConfig);
      this.target.lacksSpace = false;
    } finally {
      client.release();
    }
  }

  /** @throws DatabaseError `unreachable`, whatever the reason is that there is no connection. */
  private async open(): Promise<pg.PoolClient> {
    try {
      for (;;) {
        const client = (await this.tryEachWay()) as PooledClient;
        if (client.isTrusted) {
          client.isNew = false;
          return client;
        }
        client.discard();
        client.release(true);
      }
    } catch (cause) {
      const message = `No connection to the database: ${(cause as Error).message}`;
      throw new DatabaseError('unreachable', message, { cause });
    }
  }

  private async tryEachWay(): Promise<pg.PoolClient> {
    for (let way: ConnectionConfig | undefined = this.first; ; way = way.fallback) {
      const tried = this.target.config;
      try {
        return await super.connect();
      } catch (error) {
        if (isExhausted(error)) throw error;
        // What worked last is tried first. Another caller may have gone on to the next one.
        if (this.target.config === tried) this.target.config = tried.fallback ?? this.first;
        if (!way?.fallback) throw error;
      }
    }
  }
}

/** All connections are in use, however they were made. */
function isExhausted(error: unknown): boolean {
  return (error as Error).message.startsWith('timeout exceeded when trying to connect');
}

/** The pool behind an open data source that was made with `databaseOptions`. */
export function poolOf(dataSource: DataSource): DatabasePool {
  return (dataSource.driver as unknown as { readonly master: DatabasePool }).master;
}
