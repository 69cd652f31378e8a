import type { ClientConfig } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source-error.js';
import { FeedConnection } from './connection.js';
import { latestKey, type FeedPlace } from './place.js';
import { readPage, type FeedPage } from './read-page.js';
import type { RecentRevocations } from './recent-revocations.js';

export interface PageReaderOptions {
  readonly config: ClientConfig;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** How long an unused connection is kept. */
  readonly idleMs?: number;
}

/** A page that was requested and is not being read yet. */
interface DuePage {
  readonly page: Promise<FeedPage>;
  readonly begin: () => void;
}

/** Of one caller, of different pages. */
const maxDue = 1_000;
/** Services that start together share pages for so long. */
const sharedForMs = 1_000;
/** A megabyte or two each. */
const maxShared = 8;

/**
 * Reads what the recent revocations do not reach back to, page by page, on a connection of its own:
 * the listening one must not wait for it. It reads one page at a time, so that a fleet of services
 * that start together is no burden to the database, and takes turns between callers, so that none of
 * them has to wait for all pages of another. Those who want the same page share it.
 */
export class PageReader {
  private readonly due = new Map<string, DuePage>();
  /** The keys of `due` by caller. Whose turn is next comes first. */
  private readonly queues = new Map<string, string[]>();
  /** Full pages that were read within the last second, oldest first. */
  private readonly shared = new Map<string, { readonly page: FeedPage; readonly atMs: number }>();
  private isReading = false;
  private connection: Promise<FeedConnection> | undefined;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PageReaderOptions) {}

  /**
   * Reads on from a place in the database of `recent`. The reading of a last page, without `more`,
   * begins after this call. A full page proves nothing, so it may be some moments old: what committed
   * since then at places before its end is open in its snapshot, and comes with the pages after it.
   *
   * @throws RevocationSourceError `unavailable`
   */
  async read(after: FeedPlace, recent: RecentRevocations, caller = ''): Promise<FeedPage> {
    const key = recent.cursors.encode({ place: after, horizon: 0n, jwks: undefined });
    const shared = this.shared.get(key);
    if (shared && performance.now() - shared.atMs < sharedForMs) return shared.page;
    const queue = this.queues.get(caller) ?? [];
    if (queue.length >= maxDue) {
      throw new RevocationSourceError('unavailable', 'Too many pages are requested');
    }
    const due = this.due.get(key) ?? this.enqueue(key, after, recent);
    if (!queue.includes(key)) this.queues.set(caller, [...queue, key]);
    if (!this.isReading) void this.readDue();
    return due.page;
  }

  /** Gives up the connection, with the page that is being read, and forgets the pages read before. */
  disconnect(): void {
    const { connection } = this;
    this.shared.clear();
    this.connection = undefined;
    connection?.then(
      (open) => open.destroy(),
      () => undefined,
    );
  }

  private enqueue(key: string, after: FeedPlace, recent: RecentRevocations): DuePage {
    let begin = (): void => undefined;
    const page = new Promise<void>((resolve) => (begin = resolve)).then(async () => {
      this.due.delete(key);
      const read = await this.readNow(after, recent);
      if (read.more) this.share(key, read);
      return read;
    });
    // Who requested it handles its failure; perhaps they have gone.
    page.catch(() => undefined);
    const due = { page, begin };
    this.due.set(key, due);
    return due;
  }

  private async readDue(): Promise<void> {
    this.isReading = true;
    // What is requested in this turn is one round, whoever came first.
    await Promise.resolve();
    for (let key = this.nextKey(); key !== undefined; key = this.nextKey()) {
      const due = this.due.get(key);
      due?.begin();
      await due?.page.catch(() => undefined);
    }
    this.isReading = false;
  }

  /** The first of the caller whose turn it is, who then goes to the end of the line. */
  private nextKey(): string | undefined {
    const [turn] = this.queues;
    if (turn === undefined) return undefined;
    const [caller, [key, ...rest]] = turn;
    this.queues.delete(caller);
    if (rest.length > 0) this.queues.set(caller, rest);
    return key;
  }

  private share(key: string, page: FeedPage): void {
    this.shared.delete(key);
    this.shared.set(key, { page, atMs: performance.now() });
    const [oldest] = this.shared.keys();
    if (this.shared.size > maxShared) this.shared.delete(oldest!);
  }

  private async readNow(after: FeedPlace, recent: RecentRevocations): Promise<FeedPage> {
    clearTimeout(this.idleTimer);
    try {
      const connection = await this.connected();
      if (connection.cursors.identity !== recent.cursors.identity) {
        throw new Error('Another database answers');
      }
      return await readPage(connection, { after, known: latestKey(after, recent.head) });
    } catch (cause) {
      this.disconnect();
      throw new RevocationSourceError('unavailable', 'The database cannot be read', { cause });
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
