import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type ClientBase, DatabaseError, type QueryConfig, type QueryResultRow } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import type { ConnectionConfig } from '../connection/connection-url.js';
import { prepareSession } from '../connection/session-settings.js';
import { CursorCodec } from './cursor.js';

interface FeedConnectionOptions {
  readonly config: ConnectionConfig;
  /** `application_name`: what an operator sees in pg_stat_activity. */
  readonly name: string;
  readonly statementTimeoutMs: number;
  /** Ends the connection, or the attempt. */
  readonly signal: AbortSignal;
  /** More statements to open it with. */
  readonly setUp?: string;
}

/** How much later an answer may arrive than the statement must have ended. */
const ARRIVES_WITHIN_MS = 1_500;
/** To connect, log in and set up. A database that takes longer counts as unavailable. */
const OPEN_WITHIN_MS = 2_000;

// The one statement of the feed is planned once, maybe while the table is small. The plan must be
// right for a large table, too: by the index, and without the milliseconds that JIT would take.
const PLANNING = `
  SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off;
  SET plan_cache_mode = force_generic_plan;`;

/** A connection to the database of the feed. Once anything fails on it, it is thrown away. */
export class FeedConnection {
  private lastQuery: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly client: Client,
    /** Settles when the connection has ended. Never rejects. */
    readonly lost: Promise<Error>,
    /** The cursors of this database. */
    readonly cursors: CursorCodec,
    private readonly stream: Duplex,
  ) {}

  /**
   * Tries the fallbacks of the configuration in turn.
   *
   * @throws what the last attempt failed with, within two seconds each.
   */
  static async open(options: FeedConnectionOptions): Promise<FeedConnection> {
    const { config, name, signal, statementTimeoutMs, setUp = '' } = options;
    signal.throwIfAborted();
    const stream = config.stream?.() ?? new Socket();
    const client = new Client({
      keepAlive: true,
      ...config,
      stream: () => stream,
      application_name: name,
      // The server ends a statement that takes too long. A connection that is half open reports nothing.
      ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + ARRIVES_WITHIN_MS }),
    });
    const lost = endOf(client);
    const abort = () => stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort);
    void lost.then((error) => {
      signal.removeEventListener('abort', abort);
      stream.destroy(error);
    });
    const tooLong = `Not connected within ${OPEN_WITHIN_MS} ms`;
    const timer = setTimeout(
      () => stream.destroy(new RevocationSourceError('unavailable', tooLong)),
      OPEN_WITHIN_MS,
    );
    try {
      await client.connect();
      await prepareSession(client, config);
      await client.query(`SET statement_timeout = ${statementTimeoutMs}; ${PLANNING} ${setUp}`);
      return new FeedConnection(client, lost, await cursorsOf(client), stream);
    } catch (error) {
      stream.destroy();
      const { fallback } = config;
      if (fallback === undefined) throw error;
      return await FeedConnection.open({ ...options, config: fallback });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first row of the answer. One query is under way at a time. */
  query<Row extends QueryResultRow>(query: QueryConfig): Promise<Row> {
    const answer = this.lastQuery.then(() => this.client.query<Row>(query));
    this.lastQuery = answer.catch((error: Error) => this.destroy(error));
    return answer.then(({ rows }) => rows[0]!);
  }

  /** Closes at once and sends the server nothing, because it may no longer answer. */
  destroy(reason?: Error): void {
    this.stream.destroy(reason);
  }
}

/** Why the connection of a client has ended, once it has. */
function endOf(client: Client): Promise<Error> {
  return new Promise((resolve) => {
    // Not `once`: a dying connection may emit several errors.
    client.on('error', resolve);
    client.once('end', () =>
      resolve(new RevocationSourceError('unavailable', 'The connection has ended')),
    );
  });
}

async function cursorsOf(client: Client): Promise<CursorCodec> {
  const identity = await clusterIdentity(client);
  const { rows } = await client.query<{ secret: Buffer }>(
    'SELECT secret FROM revoked_tokens_cursor_secret',
  );
  return new CursorCodec(rows[0]!.secret, identity);
}

// insufficient_privilege, undefined_function, feature_not_supported: managed databases differ.
const REFUSALS = ['42501', '42883', '0A000'];

const TABLE = `(SELECT oid FROM pg_database WHERE datname = current_database()),
  'revoked_tokens'::regclass::oid`;

// The timeline changes when a standby takes over or a backup is restored up to some moment. The
// control file holds it too, but on a new primary only after the first checkpoint.
const EXACT = `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), ${TABLE}) AS identity,
  pg_is_in_recovery() AS is_standby`;

// Changes with each start of the server: readers get the whole list more often than necessary.
const CAREFUL = `SELECT concat_ws('/', pg_postmaster_start_time(), ${TABLE}) AS identity,
  pg_is_in_recovery() AS is_standby`;

/**
 * A name for the database that changes whenever transaction ids may mean something else: another
 * cluster, timeline, database or table. Any role may read it, unless the provider forbids that. A
 * hash, so that nothing of the cluster can leak with it.
 *
 * @throws RevocationSourceError on a standby: its snapshots do not say which transactions are open
 */
export async function clusterIdentity(client: Pick<ClientBase, 'query'>): Promise<string> {
  const { identity, is_standby } = await read(client, EXACT).catch((error: unknown) => {
    if (error instanceof DatabaseError && REFUSALS.includes(error.code ?? '')) {
      return read(client, CAREFUL);
    }
    throw error;
  });
  if (is_standby) {
    throw new RevocationSourceError(
      'unavailable',
      'The database is a standby; the feed needs the primary',
    );
  }
  return createHash('sha256').update(identity).digest().subarray(0, 8).toString('base64url');
}

async function read(client: Pick<ClientBase, 'query'>, query: string) {
  const { rows } = await client.query<{ identity: string; is_standby: boolean }>(query);
  return rows[0]!;
}
