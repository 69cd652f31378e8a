import type { ClientConfig } from 'pg';
import {
  MAX_WAIT_SECONDS,
  RevocationSourceError,
  type ReadOptions,
  type RevocationBatch,
  type RevocationSource,
} from '../revocation/revocation-source.js';
import { connectionConfig } from './connection/connection-url.js';
import { type FeedCursor, type FeedPlace, FeedPosition, THE_BEGINNING } from './feed/cursor.js';
import { RecentReader } from './feed/recent-reader.js';
import { PageReader } from './feed/page-reader.js';
import type { FeedPage } from './feed/read-page.js';
import type { RecentRevocations } from './feed/recent-revocations.js';
import { Turns } from './feed/turns.js';
import { untilGone, WaitingReads } from './feed/waiting-reads.js';

export interface PostgresRevocationSourceOptions {
  /**
   * The database with the table `revoked_tokens`, as a URL or as `pg` takes it. The connection has
   * to be direct, or through a pooler in session mode: others lose notifications.
   */
  readonly connection: string | ClientConfig;
  /** How many reads may wait at a time; above that, answers come without waiting. Default 2,000. */
  readonly maxWaitingReads?: number;
  /** The connection was lost, or could not be opened. It is being opened again. */
  readonly onConnectionLost?: (reason: Error) => void;
  /**
   * Channels of your own to listen on through the same connection. Notifications that were sent
   * while it was lost never arrive. Must not throw.
   */
  readonly channels?: Readonly<Record<string, (payload: string) => void>>;
}

export interface PostgresReadOptions extends ReadOptions {
  /** Who reads, as by an address: room and turns are shared fairly between callers. */
  readonly caller?: string;
}

/** What a reader gets, before its cursor is text. */
interface Answer {
  readonly page: FeedPage;
  readonly reset: boolean;
}

/** A wait that ends without a successful read for so long ends with an error. */
const UNREACHABLE_AFTER_MS = 3_000;

/**
 * The revocations of a Postgres database, for processes beside it.
 *
 * With the first `read` it opens a connection on which it listens and keeps the recent revocations
 * for all readers, and a second one while readers need older ones.
 */
export class PostgresRevocationSource implements RevocationSource {
  private readonly closing = new AbortController();
  private readonly waiting: WaitingReads;
  private readonly pages: PageReader;
  private readonly config: ClientConfig;
  /** Of each page, so that all its readers share one batch: five hundred take the memory of one. */
  private readonly batches = new WeakMap<FeedPage, RevocationBatch>();
  /**
   * For readers without a valid cursor, which anyone can be. Apart from readers with a cursor,
   * which do not wait for them.
   */
  private readonly firstPages = new Turns();
  /** For readers that are far behind. Those that are nearly up to date wait for none of them. */
  private readonly olderPages = new Turns();
  private recentReader: RecentReader | undefined;
  private jwks: string | undefined;
  private isDraining = false;

  constructor(private readonly options: PostgresRevocationSourceOptions) {
    const { connection } = options;
    this.config = typeof connection === 'string' ? connectionConfig(connection) : connection;
    this.pages = new PageReader({ config: this.config, signal: this.closing.signal });
    this.waiting = new WaitingReads(this.maxWaitingReads);
  }

  /** Reads that wait for something new. */
  get waitingReads(): number {
    return this.waiting.size;
  }

  /** So many may wait at a time. */
  get maxWaitingReads(): number {
    return this.options.maxWaitingReads ?? 2_000;
  }

  /** Milliseconds since the database was last read with success. Infinity before that. */
  get lastReadAgeMs(): number {
    return this.recentReader?.ageMs ?? Infinity;
  }

  /**
   * Keeps the promise of `RevocationSource` for all processes on one database: a cursor from one of
   * them is good for the others. Waits {@link MAX_WAIT_SECONDS} at most.
   *
   * @throws RevocationSourceError `unavailable` while the database cannot be read, and once the
   * source is closed; `aborted` when the signal is.
   */
  async read(after: string | undefined, options: PostgresReadOptions): Promise<RevocationBatch> {
    try {
      return await this.readOrWait(after, options);
    } catch (error) {
      this.closing.signal.throwIfAborted();
      throw error;
    }
  }

  /**
   * What a reader who sends this cursor has applied. `undefined` for text that is no cursor of this
   * database, and until the database was read for the first time.
   */
  positionOf(cursor: string): FeedPosition | undefined {
    const cursors = this.recentReader?.current?.cursors;
    const place = cursors?.decode(cursor)?.place;
    return place && FeedPosition.of(place, cursors.identity);
  }

  /** The fingerprint of the issuer's key set: at once, each reader that knows another gets it. */
  announceKeySet(fingerprint: string): void {
    this.jwks = fingerprint;
    this.waiting.wakeAll('over');
  }

  /** Answers all reads that wait; later ones do not wait. For a process that is about to end. */
  drain(): void {
    this.isDraining = true;
    this.waiting.wakeAll('over');
  }

  /** Ends the connections. Reads under way, and later ones, fail. */
  close(): void {
    this.closing.abort(new RevocationSourceError('unavailable', 'The source was closed'));
    this.waiting.wakeAll('over');
  }

  private async readOrWait(
    after: string | undefined,
    { waitSeconds, signal, caller = '' }: PostgresReadOptions,
  ): Promise<RevocationBatch> {
    const recentReader = this.started();
    const untilMs = performance.now() + Math.min(waitSeconds, MAX_WAIT_SECONDS) * 1000;
    let recent = recentReader.current ?? (await untilGone(recentReader.refresh(), signal));
    let cursor = decode(after, recent);
    // A reader who needs older pages does not need the recent revocations to be up to date.
    if (cursor && recent.reaches(cursor.place)) {
      recent = await untilGone(recentReader.refresh(), signal);
      cursor = decode(after, recent);
    }
    let answer = await untilGone(this.answer(cursor, recent, caller, signal), signal);
    const mayWait = () => !this.isDraining && cursor?.jwks === this.jwks && hasNothing(answer);
    while (mayWait() && (await this.wait(untilMs, signal, caller)) === 'news') {
      const { place } = answer.page;
      const isSameDatabase = recent === (recentReader.current ?? recent);
      recent = recentReader.current ?? recent;
      // This database has come to the place itself, so that there is no `xmax` to compare with.
      const from = isSameDatabase ? { place, xmax: 0n } : undefined;
      answer = await untilGone(this.answer(from, recent, caller, signal), signal);
    }
    return this.batchOf(answer, recent, recentReader);
  }

  /** From memory where that reaches back to the reader's place, else from the database. */
  private async answer(
    cursor: Pick<FeedCursor, 'place' | 'xmax'> | undefined,
    recent: RecentRevocations,
    caller: string,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const read = (place: FeedPlace, xmax?: bigint) => this.pages.read(place, recent, caller, xmax);
    if (cursor === undefined) {
      await this.firstPages.next(caller, '', signal);
      return { page: await read(THE_BEGINNING), reset: true };
    }
    const known = recent.read(cursor.place);
    // Readers have no names: those at one entry share their turns. So any number of connections
    // that replay one cursor delay no service at the same address.
    if (known === undefined) await this.olderPages.next(caller, cursor.place.id, signal);
    const page = known ?? (await read(cursor.place, cursor.xmax));
    // A cursor of a later time than the database has come to: it was restored from a backup.
    const isAhead = cursor.xmax > (known ? recent.xmax : page.snapshot.xmax);
    return isAhead ? { page: await read(THE_BEGINNING), reset: true } : { page, reset: false };
  }

  private batchOf(
    { page, reset }: Answer,
    { cursors }: RecentRevocations,
    { ageMs }: RecentReader,
  ): RevocationBatch {
    if (!(ageMs <= UNREACHABLE_AFTER_MS)) {
      throw new RevocationSourceError('unavailable', 'The database was not read for seconds');
    }
    const { jwks } = this;
    let batch = this.batches.get(page);
    if (batch?.reset !== reset || batch.jwks !== jwks) {
      const { place, snapshot, more, expiredBefore } = page;
      const cursor = cursors.encode({ place, xmax: snapshot.xmax, jwks });
      const entries = batch?.entries ?? page.entries.map(({ revocation }) => revocation);
      batch = { cursor, reset, more, ...(jwks !== undefined && { jwks }), expiredBefore, entries };
      this.batches.set(page, batch);
    }
    const { oldestAtMs } = page;
    if (reset || oldestAtMs === undefined || page.entries.length === 0) return batch;
    // Two readings of Postgres's clock may be in the wrong order when that clock is set.
    return { ...batch, ageMs: Math.max(Math.round(performance.now() - oldestAtMs), 0) };
  }

  private async wait(untilMs: number, signal: AbortSignal | undefined, caller: string) {
    const outcome = await this.waiting.wait(untilMs - performance.now(), signal, caller);
    this.closing.signal.throwIfAborted();
    return outcome;
  }

  private started(): RecentReader {
    this.closing.signal.throwIfAborted();
    this.recentReader ??= new RecentReader({
      config: this.config,
      signal: this.closing.signal,
      channels: this.options.channels ?? {},
      onNews: () => this.waiting.wakeAll('news'),
      onLost: (reason) => {
        this.pages.disconnect();
        queueMicrotask(() => this.options.onConnectionLost?.(reason));
      },
    });
    return this.recentReader;
  }
}

function decode(after: string | undefined, { cursors }: RecentRevocations): FeedCursor | undefined {
  return after === undefined ? undefined : cursors.decode(after);
}

function hasNothing({ page, reset }: Answer): boolean {
  return !reset && !page.more && page.entries.length === 0;
}
