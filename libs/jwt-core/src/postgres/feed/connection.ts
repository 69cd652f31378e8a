import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ClientConfig, type QueryConfig, type QueryResultRow } from 'pg';
import { clusterIdentity } from './cluster-identity.js';

export interface FeedConnectionOptions {
  readonly config: ClientConfig;
  /** `application_name`: what an operator sees in pg_stat_activity. */
  readonly name: string;
  readonly statementTimeoutMs: number;
  /** Ends the connection, or the attempt. */
  readonly signal: AbortSignal;
  /** What else belongs to opening it. */
  readonly setUp?: string;
}

/** To connect, log in and set up. A database that takes longer counts as away. */
const openWithinMs = 2_000;

// The one statement of the feed is planned once, maybe while the table is small, and has to be right
// when it is large: by its index, and without the milliseconds that compiling it would take.
const planning = `
  SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off;
  SET plan_cache_mode = force_generic_plan;`;

/** A connection to the database of the feed. Once anything fails on it, it is thrown away. */
export class FeedConnection {
  readonly client: Client;
  /** Settles when the connection is no more. Never rejects. */
  readonly lost: Promise<Error>;
  private readonly stream: Duplex;
  private lastQuery: Promise<unknown> = Promise.resolve();
  private knownIdentity = '';

  private constructor({ config, name, signal }: FeedConnectionOptions) {
    this.stream = config.stream?.() ?? new Socket();
    this.client = new Client({
      keepAlive: true,
      ...config,
      stream: () => this.stream,
      application_name: name,
    });
    this.lost = new Promise((resolve) => {
      // Not once: a dying connection may say so several times.
      this.client.on('error', resolve);
      this.client.once('end', () => resolve(new Error('The connection has ended')));
    });
    const abort = () => this.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort);
    void this.lost.then((error) => {
      signal.removeEventListener('abort', abort);
      this.destroy(error);
    });
  }

  /** @throws whatever the attempt failed with, within two seconds. */
  static async open(options: FeedConnectionOptions): Promise<FeedConnection> {
    options.signal.throwIfAborted();
    const connection = new FeedConnection(options);
    const tooLong = () => connection.destroy(new Error(`Not connected within ${openWithinMs} ms`));
    const timer = setTimeout(tooLong, openWithinMs);
    try {
      await connection.client.connect();
      const { statementTimeoutMs, setUp = '' } = options;
      await connection.client.query(
        `SET statement_timeout = ${statementTimeoutMs}; ${planning} ${setUp}`,
      );
      connection.knownIdentity = await clusterIdentity(connection.client);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Which database this is. */
  get identity(): string {
    return this.knownIdentity;
  }

  /** The first row of the answer. One query is under way at a time. */
  query<Row extends QueryResultRow>(query: QueryConfig): Promise<Row> {
    const answer = this.lastQuery.then(() => this.client.query<Row>(query));
    this.lastQuery = answer.catch((error: Error) => this.destroy(error));
    return answer.then(({ rows }) => rows[0]!);
  }

  /** Ends at once, without a word to the server: it may no longer be listening. */
  destroy(reason?: Error): void {
    this.stream.destroy(reason);
  }
}
