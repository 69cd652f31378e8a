import type { ClientConfig } from 'pg';
import { RevocationSourceError } from '../revocation/revocation-source-error.js';
import type {
  ReadOptions,
  RevocationBatch,
  RevocationSource,
} from '../revocation/revocation-source.js';
import { FeedAnswers, type FeedAnswer } from './feed/answers.js';
import { decodeCursor } from './feed/cursor.js';
import { LogReader } from './feed/log-reader.js';
import { isRepeating } from './feed/next-cursor.js';
import { PageReader } from './feed/page-reader.js';
import { untilAborted } from './feed/until-aborted.js';
import { WaitingReads, type WaitOutcome } from './feed/waiting-reads.js';

export interface PostgresRevocationSourceOptions {
  /**
   * The database with the table `revoked_tokens`, as a URL or as `pg` takes it. The connection has to
   * be direct, or through a pooler in session mode: others lose notifications.
   */
  readonly connection: string | ClientConfig;
  /** How many reads may wait at a time; above that, answers come without waiting. Default 2,000. */
  readonly maxWaitingReads?: number;
  /** The connection was lost, or could not be made. It is being made anew. */
  readonly onConnectionLost?: (reason: Error) => void;
}

const maxWaitSeconds = 25;
/** A wait that ends without a successful read for so long ends with an error. */
const unreachableAfterMs = 3_000;
/** How often a reader is told again what it may have seen already. */
const repeatEveryMs = 1_000;

/**
 * The revocations of a Postgres database, for processes beside it.
 *
 * It opens a connection with the first `read`, on which it listens and keeps a log of the latest
 * entries for all readers, and a second one while readers need what is older.
 */
export class PostgresRevocationSource implements RevocationSource {
  private readonly closing = new AbortController();
  private readonly waiting = new WaitingReads();
  private readonly pages: PageReader;
  private readonly answers: FeedAnswers;
  private readonly config: ClientConfig;
  private reader: LogReader | undefined;

  constructor(private readonly options: PostgresRevocationSourceOptions) {
    const { connection } = options;
    this.config = typeof connection === 'string' ? { connectionString: connection } : connection;
    this.pages = new PageReader({ config: this.config, signal: this.closing.signal });
    this.answers = new FeedAnswers(this.pages);
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
    return this.reader?.ageMs ?? Infinity;
  }

  /**
   * Keeps the promise of `RevocationSource` for all processes on one database: a cursor that one of
   * them gave is good for the others. Waits 25 seconds at most.
   *
   * @throws RevocationSourceError `unavailable` while the database cannot be asked, and once the
   * source is closed; `aborted` when the signal is.
   */
  async read(after: string | undefined, options: ReadOptions): Promise<RevocationBatch> {
    try {
      return await this.readOrWait(after, options);
    } catch (error) {
      this.closing.signal.throwIfAborted();
      throw error;
    }
  }

  /** Ends the connections. Reads under way, and later ones, fail. */
  close(): void {
    this.closing.abort(new RevocationSourceError('unavailable', 'The source was closed'));
    this.waiting.wakeAll('over');
  }

  private async readOrWait(
    after: string | undefined,
    { waitSeconds, signal }: ReadOptions,
  ): Promise<RevocationBatch> {
    const reader = this.started();
    const now = performance.now();
    const until = now + Math.min(waitSeconds, maxWaitSeconds) * 1000;
    const cursor = after === undefined ? undefined : decodeCursor(after);
    if (cursor && isRepeating(cursor)) {
      await this.wait(Math.min(until, now + repeatEveryMs), signal);
    }
    const known = cursor && reader.current;
    const early = known && (await untilAborted(this.answers.early(cursor, known), signal));
    if (early !== undefined) return inTime(early, reader);
    const log = await untilAborted(reader.refresh(), signal);
    let answer = await untilAborted(this.answers.to(cursor, log), signal);
    while (hasNothing(answer.batch) && (await this.wait(until, signal)) === 'news') {
      const renewed = this.answers.to(answer.cursor, reader.current ?? log);
      answer = await untilAborted(renewed, signal);
    }
    return inTime(answer, reader);
  }

  private async wait(until: number, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    const forMs = until - performance.now();
    if (!(forMs > 0) || this.waiting.size >= this.maxWaitingReads) return 'over';
    const outcome = await this.waiting.wait(forMs, signal);
    this.closing.signal.throwIfAborted();
    return outcome;
  }

  private started(): LogReader {
    this.closing.signal.throwIfAborted();
    this.reader ??= new LogReader({
      config: this.config,
      signal: this.closing.signal,
      onNews: () => this.waiting.wakeAll('news'),
      onLost: (reason) => {
        this.pages.disconnect();
        queueMicrotask(() => this.options.onConnectionLost?.(reason));
      },
    });
    return this.reader;
  }
}

function inTime({ batch, oldestAtMs }: FeedAnswer, { ageMs }: LogReader): RevocationBatch {
  if (!(ageMs <= unreachableAfterMs)) {
    throw new RevocationSourceError('unavailable', 'The database could not be asked for seconds');
  }
  if (batch.entries.length === 0 || oldestAtMs === undefined) return batch;
  // Two of Postgres's clock readings may lie in the wrong order when that clock is set.
  return { ...batch, ageMs: Math.max(Math.round(performance.now() - oldestAtMs), 0) };
}

function hasNothing({ reset, more, entries }: RevocationBatch): boolean {
  return !reset && !more && entries.length === 0;
}
