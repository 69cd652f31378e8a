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
/** A megabyte or two each. */
const maxReadAhead = 4;

/**
 * Reads what the log does not reach back to, page by page, on a connection of its own: the listening
 * one must not wait for it. Pages are read one after the other, so that a fleet of services that
 * start together is no burden to the database, and those who ask for the same page share it.
 *
 * The database reads the next page while a reader is at the present one, and so for half of the time
 * that a reader of many pages needs.
 */
export class PageReader {
  private readonly queued = new Map<string, Promise<FeedPage>>();
  /** What was read before anyone asked, oldest first. `undefined` for what has to be read then. */
  private readonly ahead = new Map<string, Promise<FeedPage | undefined>>();
  private lastRead: Promise<unknown> = Promise.resolve();
  private connection: Promise<FeedConnection> | undefined;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PageReaderOptions) {}

  /**
   * Reads on from a place in the database of the log. The reading of a last page, without `more`,
   * begins after this call.
   *
   * @throws RevocationSourceError `unavailable`
   */
  async read(after: FeedPlace, log: RevocationLog): Promise<FeedPage> {
    const known = await this.early(after, log);
    if (known !== undefined) return known;
    const page = await this.readOnce(keyOf(after, log), after, log);
    if (page.more) this.readAhead(page.place, log);
    return page;
  }

  /** A full page that goes on from a place, if it was read before anyone asked for it. */
  async early(after: FeedPlace, log: RevocationLog): Promise<FeedPage | undefined> {
    const page = await this.ahead.get(keyOf(after, log));
    if (page !== undefined) this.readAhead(page.place, log);
    return page;
  }

  /**
   * A full page proves nothing, so it may be read early: what commits later at places before its end
   * is open in its snapshot, and comes with the pages after it.
   */
  private readAhead(after: FeedPlace, log: RevocationLog): void {
    const key = keyOf(after, log);
    // Those who are waiting come first, and nobody waits for what is read on a guess.
    if (this.ahead.has(key) || this.queued.size > 0 || this.connection === undefined) return;
    const page = this.readOnce(key, after, log).then(
      (read) => (read.more ? read : undefined),
      // Whoever asks for it reads it themselves, and learns why that fails.
      () => undefined,
    );
    this.ahead.set(key, page);
    const [oldest] = this.ahead.keys();
    if (this.ahead.size > maxReadAhead) this.ahead.delete(oldest!);
  }

  private readOnce(key: string, after: FeedPlace, log: RevocationLog): Promise<FeedPage> {
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

  /** Gives the connection up, what is being read through it, and what was. */
  disconnect(): void {
    const { connection } = this;
    this.ahead.clear();
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
      if (this.connection === opening) this.disconnect();
    };
    void opening.then(({ lost }) => lost).then(forget, forget);
    return (this.connection = opening);
  }
}

function keyOf(place: FeedPlace, { identity }: RevocationLog): string {
  return encodeCursor({ identity, horizon: 0n, place });
}
