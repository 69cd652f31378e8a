import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { NOTICED_STEP_SECONDS } from '../../revocation/revocation-list.js';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import { backOffMs, spreadMs } from '../../timing/back-off.js';
import type { FeedConnection } from './connection.js';
import { openListening, type NotificationHandlers } from './listening.js';
import { readEnd, readPage } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

export interface RecentReaderOptions {
  readonly config: ClientConfig;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** What else is listened to on the connection. */
  readonly channels?: NotificationHandlers;
  /** Something was published, or the recent revocations are those of another database. */
  readonly onNews: () => void;
  /** The connection was lost, or could not be opened. It is being opened again. */
  readonly onLost: (reason: Error) => void;
}

/** A database that is back is noticed soon. */
const RETRIES = { firstMs: 50, longestMs: 500 };

/**
 * Keeps the recent revocations up to date, through one connection for all services that read the
 * feed of this process.
 */
export class RecentReader {
  /**
   * Brings the recent revocations up to a moment after this call. Waits for the connection attempt
   * that is due.
   *
   * @throws RevocationSourceError `unavailable`
   */
  readonly refresh = singleFlight(() => this.read());
  private connection: Promise<FeedConnection>;
  private recent: RecentRevocations | undefined;
  private readAtMs = -Infinity;
  /** Kept until all of it was read, on another connection perhaps. */
  private hasNews = false;

  constructor(private readonly options: RecentReaderOptions) {
    this.connection = this.connect(0);
    void this.keepConnected();
  }

  /** The recent revocations as they are. `undefined` before the first read. */
  get current(): RecentRevocations | undefined {
    return this.recent;
  }

  /** Milliseconds since the last read that succeeded began. Infinity before the first. */
  get ageMs(): number {
    return performance.now() - this.readAtMs;
  }

  private async keepConnected(): Promise<void> {
    const { signal, onLost } = this.options;
    for (let failures = 0; !signal.aborted; this.connection = this.connect(++failures)) {
      const attempt = this.connection;
      try {
        const { lost } = await attempt;
        await this.refresh();
        failures = 0;
        throw await lost;
      } catch (reason) {
        attempt.then(
          (connection) => connection.destroy(),
          () => undefined,
        );
        if (!signal.aborted) onLost(reason as Error);
      }
    }
  }

  private connect(failures: number): Promise<FeedConnection> {
    const { config, signal, channels } = this.options;
    const onHint = () => void this.refresh().catch(() => undefined);
    const attempt = sleep(spreadMs(backOffMs(failures, RETRIES)), undefined, { signal }).then(() =>
      openListening({ config, signal, onHint, channels }),
    );
    // Services that need the connection get the failure; perhaps there are none.
    attempt.catch(() => undefined);
    return attempt;
  }

  private async read(): Promise<RecentRevocations> {
    try {
      const connection = await this.connection;
      const beganAtMs = performance.now();
      const recent = await this.upToDate(connection);
      this.readAtMs = beganAtMs;
      if (this.hasNews) this.options.onNews();
      this.hasNews = false;
      return recent;
    } catch (cause) {
      throw new RevocationSourceError('unavailable', 'The database cannot be read', { cause });
    }
  }

  private async upToDate(connection: FeedConnection): Promise<RecentRevocations> {
    const { recent } = this;
    if (recent?.cursors.identity !== connection.cursors.identity) return this.startAnew(connection);
    do {
      const page = await readPage(connection, { after: recent.place });
      // Or its clock was set back: entries that were left out count again.
      const hasGoneBack =
        page.snapshot.xmax < recent.xmax ||
        page.expiredBefore < recent.expiredBefore - NOTICED_STEP_SECONDS;
      if (hasGoneBack) return this.startAnew(connection);
      recent.append(page);
      this.hasNews ||= page.entries.length > 0;
    } while (recent.isBehind);
    return recent;
  }

  private async startAnew(connection: FeedConnection): Promise<RecentRevocations> {
    this.recent = new RecentRevocations(connection.cursors, await readEnd(connection));
    this.hasNews = true;
    return this.recent;
  }
}

/**
 * Lets callers share a run of `work`, but never one that began before their call: one run at a time
 * is under way, and one more is due for all calls since it began.
 */
export function singleFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let due: Promise<T> | undefined;
  let underWay: Promise<unknown> = Promise.resolve();

  return () => {
    if (due === undefined) {
      due = underWay.then(() => {
        due = undefined;
        return work();
      });
      underWay = due.catch(() => undefined);
    }
    return due;
  };
}
