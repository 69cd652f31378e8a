import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { RevocationSourceError } from '../../revocation/revocation-source.js';
import { backOffMs, spreadMs } from '../../timing/back-off.js';
import type { FeedConnection } from './connection.js';
import { openListening, type NotificationHandlers } from './listening.js';
import { readEnd, readPage } from './read-page.js';
import { RecentRevocations } from './recent-revocations.js';

export interface LogReaderOptions {
  readonly config: ClientConfig;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** What else is listened to on the connection. */
  readonly channels?: NotificationHandlers;
  /** The log has grown, or is a new one. */
  readonly onNews: () => void;
  /** The connection was lost, or could not be opened. It is being opened again. */
  readonly onLost: (reason: Error) => void;
}

/** A database that is back is noticed soon. */
const retries = { firstMs: 50, longestMs: 500 };
/** More than that, and the database's clock was set back: entries that were left out count again. */
const noticedStepSeconds = 30;

/** Keeps a log of what is published, through one connection for all readers of the process. */
export class LogReader {
  /**
   * Brings the log up to a moment after this call. Waits for the connection attempt that is due.
   *
   * @throws RevocationSourceError `unavailable`
   */
  readonly refresh = singleFlight(() => this.read());
  private connection: Promise<FeedConnection>;
  private log: RecentRevocations | undefined;
  private readAtMs = -Infinity;
  /** Kept until the log is complete, on another connection perhaps. */
  private hasNews = false;

  constructor(private readonly options: LogReaderOptions) {
    this.connection = this.connect(0);
    void this.keepConnected();
  }

  /** The log as it is. `undefined` before the first read. */
  get current(): RecentRevocations | undefined {
    return this.log;
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
    const attempt = sleep(spreadMs(backOffMs(failures, retries)), undefined, { signal }).then(() =>
      openListening({ config, signal, onHint, channels }),
    );
    // Readers that need the connection get the failure; perhaps there are none.
    attempt.catch(() => undefined);
    return attempt;
  }

  private async read(): Promise<RecentRevocations> {
    try {
      const connection = await this.connection;
      const beganAtMs = performance.now();
      const log = await this.upToDate(connection);
      this.readAtMs = beganAtMs;
      if (this.hasNews) this.options.onNews();
      this.hasNews = false;
      return log;
    } catch (cause) {
      throw new RevocationSourceError('unavailable', 'The database cannot be read', { cause });
    }
  }

  private async upToDate(connection: FeedConnection): Promise<RecentRevocations> {
    const { log } = this;
    if (log?.cursors.identity !== connection.cursors.identity) return this.startAnew(connection);
    do {
      const page = await readPage(connection, { after: log.head });
      const hasGoneBack =
        page.snapshot.xmax < log.horizon ||
        page.expiredBefore < log.expiredBefore - noticedStepSeconds;
      if (hasGoneBack) return this.startAnew(connection);
      log.append(page);
      this.hasNews ||= page.entries.length > 0;
    } while (log.isBehind);
    return log;
  }

  private async startAnew(connection: FeedConnection): Promise<RecentRevocations> {
    this.log = new RecentRevocations(connection.cursors, await readEnd(connection));
    this.hasNews = true;
    return this.log;
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
