import type { ClientConfig } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source-error.js';
import { FeedConnection } from './connection.js';
import { encodeCursor } from './cursor.js';
import { latestKey, type FeedPlace } from './place.js';
import { readPage, type FeedPage } from './read-page.js';
import type { RevocationLog } from './revocation-log.js';

export interface PageReaderOptions {
  readonly config: ClientConfig;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** How long an unused connection is kept. */
  readonly idleMs?: number;
}

const maxQueued = 1_000;

/**
 * Reads what the log does not reach back to, page by page, on a connection of its own: the listening
 * one must not wait for it. Pages are read one after the other, so that a fleet of services that
 * start together is no burden to the database, and those who ask for the same page share it.
 */
export class PageReader {
  private readonly queued = new Map<string, Promise<FeedPage>>();
  private lastRead: Promise<unknown> = Promise.resolve();
  private connection: Promise<FeedConnection> | undefined;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PageReaderOptions) {}

  /**
   * Reads on from a place in the database of the log. The reading begins after this call.
   *
   * @throws RevocationSourceError `unavailable`
   */
  read(after: FeedPlace, log: RevocationLog): Promise<FeedPage> {
    const key = encodeCursor({ identity: log.identity, horizon: 0n, place: after });
    const sharable = this.queued.get(key);
    if (sharable !== undefined) return sharable;
    if (this.queued.size >= maxQueued) {
      return Promise.reject(
        new RevocationSourceError('unavailable', 'Too many pages are asked for'),
      );
    }
    const page = this.lastRead.then(() => {
      this.queued.delete(key);
      return this.readNow(after, log);
    });
    this.queued.set(key, page);
    this.lastRead = page.catch(() => undefined);
    return page;
  }

  /** Gives the connection up, and what is being read through it. */
  disconnect(): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.then(
      (open) => open.destroy(),
      () => undefined,
    );
  }

  private async readNow(after: FeedPlace, log: RevocationLog): Promise<FeedPage> {
    clearTimeout(this.idleTimer);
    try {
      const connection = await this.connected();
      if (connection.identity !== log.identity) throw new Error('Another database answers');
      return await readPage(connection, { after, known: latestKey(after, log.head) });
    } catch (cause) {
      this.disconnect();
      throw new RevocationSourceError('unavailable', 'The database cannot be asked', { cause });
    } finally {
      this.idleTimer = setTimeout(() => this.disconnect(), this.options.idleMs ?? 10_000).unref();
    }
  }

  private connected(): Promise<FeedConnection> {
    if (this.connection !== undefined) return this.connection;
    const opening = FeedConnection.open({
      ...this.options,
      name: 'jwt-core revocations (pages)',
      statementTimeoutMs: 10_000,
    });
    const forget = () => {
      if (this.connection === opening) this.connection = undefined;
    };
    void opening.then(({ lost }) => lost).then(forget, forget);
    return (this.connection = opening);
  }
}
