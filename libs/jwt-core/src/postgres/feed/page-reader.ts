import type { ClientConfig } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import { FeedConnection } from './connection.js';
import { latestKey, type FeedPlace } from './cursor.js';
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

/** A page that is being read or was. `undefined` if it is the last, which proves something. */
interface SharedPage {
  readonly full: Promise<FeedPage | undefined>;
  readonly atMs: number;
}

/** Of one caller, of different pages. */
const MAX_DUE = 1_000;
/** Services that start together share pages for so long. */
const SHARED_FOR_MS = 1_000;
/** Some 400 KB each. */
const MAX_SHARED = 8;
/** On an open connection. A follower gives up five seconds after its wait: before, others may read. */
const PAGE_TIMEOUT_MS = 3_000;

/**
 * Reads pages that are older than the recent revocations, on a connection of its own, so that the
 * listening connection does not wait for them. It reads one page at a time, so that many services
 * that start together do not load the database, and takes turns between callers, so that none waits
 * for all pages of another. Readers of the same page share it.
 *
 * While no page is due it reads the next one ahead: a service then loads the list in half the time.
 */
export class PageReader {
  private readonly due = new Map<string, DuePage>();
  /** The keys of `due` by caller. Whose turn is next comes first. */
  private readonly queues = new Map<string, string[]>();
  /** Oldest first. */
  private readonly shared = new Map<string, SharedPage>();
  /** Begins to read the page after the one that was sent last. */
  private readNext: (() => Promise<unknown>) | undefined;
  private isReading = false;
  private connection: Promise<FeedConnection> | undefined;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PageReaderOptions) {}

  /**
   * Reads on from a place in the database of `recent`. The reading of a last page, without `more`,
   * begins after this call. A full page proves nothing, so it may be some moments old: what
   * committed since then at places before its end is open in its snapshot, and comes with the pages
   * after it.
   *
   * @param xmax of the reader's newest snapshot: a page of an older one is read again
   * @throws RevocationSourceError `unavailable`
   */
  async read(
    after: FeedPlace,
    recent: RecentRevocations,
    caller = '',
    xmax = 0n,
  ): Promise<FeedPage> {
    const key = keyOf(after, recent);
    const shared = await this.fullPage(key);
    const isNewEnough = shared !== undefined && shared.snapshot.xmax >= xmax;
    const page = isNewEnough ? shared : await this.inTurn(key, after, recent, caller);
    if (page.more) this.readAhead(page.place, recent);
    return page;
  }

  /**
   * Gives up the connection, with the page that is being read, and forgets the pages read before.
   */
  disconnect(): void {
    const { connection } = this;
    this.shared.clear();
    this.readNext = undefined;
    this.connection = undefined;
    connection?.then(
      (open) => open.destroy(),
      () => undefined,
    );
  }

  private async fullPage(key: string): Promise<FeedPage | undefined> {
    const shared = this.shared.get(key);
    return shared && performance.now() - shared.atMs < SHARED_FOR_MS ? shared.full : undefined;
  }

  private async inTurn(
    key: string,
    after: FeedPlace,
    recent: RecentRevocations,
    caller: string,
  ): Promise<FeedPage> {
    const queue = this.queues.get(caller) ?? [];
    if (queue.length >= MAX_DUE) {
      throw new RevocationSourceError('unavailable', 'Too many pages are requested');
    }
    const due = this.due.get(key) ?? this.enqueue(key, after, recent);
    if (!queue.includes(key)) this.queues.set(caller, [...queue, key]);
    void this.readDue();
    return due.page;
  }

  private enqueue(key: string, after: FeedPlace, recent: RecentRevocations): DuePage {
    let begin = (): void => undefined;
    const page = new Promise<void>((resolve) => (begin = resolve)).then(() => {
      this.due.delete(key);
      return this.readShared(key, after, recent);
    });
    // The callers handle its failure; all of them may have gone.
    page.catch(() => undefined);
    const due = { page, begin };
    this.due.set(key, due);
    return due;
  }

  private readAhead(after: FeedPlace, recent: RecentRevocations): void {
    const key = keyOf(after, recent);
    if (this.shared.has(key)) return;
    this.readNext = () => this.readShared(key, after, recent);
    void this.readDue();
  }

  private async readDue(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    // All requests of this turn of the event loop are one round.
    await Promise.resolve();
    while (this.queues.size > 0 || this.readNext !== undefined) {
      const due = this.nextDue();
      if (due !== undefined) {
        due.begin();
        await due.page.catch(() => undefined);
      } else {
        const { readNext } = this;
        this.readNext = undefined;
        await readNext?.().catch(() => undefined);
      }
    }
    this.isReading = false;
  }

  /** The first of the caller whose turn it is, who then goes to the end of the line. */
  private nextDue(): DuePage | undefined {
    for (const [caller, [key = '', ...rest]] of this.queues) {
      this.queues.delete(caller);
      if (rest.length > 0) this.queues.set(caller, rest);
      const due = this.due.get(key);
      // Else it was read already, in the turn of another caller.
      if (due !== undefined) return due;
    }
    return undefined;
  }

  private readShared(key: string, after: FeedPlace, recent: RecentRevocations): Promise<FeedPage> {
    const page = this.readNow(after, recent);
    const full = page.then(
      (read) => (read.more ? read : undefined),
      () => undefined,
    );
    this.shared.delete(key);
    this.shared.set(key, { full, atMs: performance.now() });
    const [oldest] = this.shared.keys();
    if (this.shared.size > MAX_SHARED) this.shared.delete(oldest!);
    return page;
  }

  private async readNow(after: FeedPlace, recent: RecentRevocations): Promise<FeedPage> {
    clearTimeout(this.idleTimer);
    try {
      const connection = await this.connected();
      if (connection.cursors.identity !== recent.cursors.identity) {
        throw new RevocationSourceError('unavailable', 'Another database answers');
      }
      return await readPage(connection, { after, known: latestKey(after, recent.place) });
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
      statementTimeoutMs: PAGE_TIMEOUT_MS,
    });
    const forget = () => {
      if (this.connection === opening) this.disconnect();
    };
    void opening.then(({ lost }) => lost).then(forget, forget);
    return (this.connection = opening);
  }
}

function keyOf(place: FeedPlace, { cursors }: RecentRevocations): string {
  return cursors.encode({ place, xmax: 0n, jwks: undefined });
}
