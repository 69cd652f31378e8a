import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JwtCoreLog } from '../issuer/log.js';
import { spreadMs } from '../timing/back-off.js';
import { FeedOutage } from './feed-outage.js';
import { PruneClock } from './prune-clock.js';
import { NOTICED_STEP_SECONDS, type RevocationList } from './revocation-list.js';
import {
  MAX_WAIT_SECONDS,
  RevocationSourceError,
  type RevocationBatch,
  type RevocationSource,
} from './revocation-source.js';
import { pause, within } from './within.js';

export interface RevocationFollowerOptions {
  readonly source: RevocationSource;
  readonly list: RevocationList;
  /** The shortest age that a route demands of the list, if it is shorter than the list's own. */
  readonly strictestMs?: number | undefined;
  /** Called with each fingerprint of the issuer's key set, changed or not. Must not throw. */
  readonly onKeySetFingerprint?: ((fingerprint: string) => void) | undefined;
  /** Called when a read has failed: the issuer may have another key set by now. Must not throw. */
  readonly onFailure?: (() => void) | undefined;
  /**
   * Called when news were applied whose age the source knows, with the milliseconds from when the
   * oldest entry was recorded until then. Must not throw.
   */
  readonly onReach?: ((ms: number) => void) | undefined;
  readonly log?: JwtCoreLog | undefined;
  /** Milliseconds since the epoch. Ages are measured by the list's monotonic clock. */
  readonly wallNow?: (() => number) | undefined;
}

const ANSWER_MS = 5_000;
const PRUNE_EVERY_MS = 30_000;
/** Takes about half a millisecond to apply. */
const CHUNK_SIZE = 500;

/**
 * Keeps a list up to date with its source, from `start` to `stop`, whatever the source does.
 *
 * Delayed answers (threat:delayed-answers): an answer proves what it proves for the instant of its
 * request, because it may have been delayed on its way. So the list's age goes up and down between
 * one wait and two, and a long poll waits for a tenth of the strictest age.
 */
export class RevocationFollower {
  private readonly source: RevocationSource;
  private readonly list: RevocationList;
  private readonly clock: PruneClock;
  private readonly outage: FeedOutage;
  private strictestMs: number;
  private readonly stopping = new AbortController();
  private running: Promise<unknown> | undefined;
  private cursor: string | undefined;

  /** @throws TypeError when `strictestMs` is not a positive number. */
  constructor(private readonly options: RevocationFollowerOptions) {
    const { source, list, wallNow, strictestMs = list.maxStalenessMs } = options;
    if (!(strictestMs > 0)) throw new TypeError('strictestMs is a positive number of milliseconds');
    this.source = source;
    this.list = list;
    this.clock = new PruneClock({ wallNow, monotonicNow: list.monotonicNow });
    this.outage = new FeedOutage(list.monotonicNow, options.log);
    this.strictestMs = Math.min(strictestMs, list.maxStalenessMs);
  }

  /**
   * Begins, once and for all: a second call does nothing.
   *
   * @param strictestMs as the option, which may be too early to know the routes
   */
  start(strictestMs = Infinity): void {
    if (this.running) return;
    this.strictestMs = Math.min(strictestMs, this.strictestMs);
    this.running = Promise.all([this.follow(), this.probe(), this.prune()]);
  }

  /** Ends for good, at once, whatever is under way, and leaves no timer. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async follow(): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.readOn();
      } catch (error) {
        if (this.isStopped) return;
        this.options.onFailure?.();
        await this.pause(this.outage.noteFailure(error));
      }
    }
  }

  private async readOn(): Promise<void> {
    if (this.clock.wasSetBack()) this.startAnew();
    const { cursor } = this;
    // After a failure the list needs a proof as soon as possible: an answer without a wait.
    const waitSeconds = this.outage.isOn ? 0 : this.waitSeconds;
    const askedAtMs = this.list.monotonicNow();
    const batch = await this.readSource(cursor, waitSeconds);
    const answeredAtMs = this.list.monotonicNow();
    const tookMs = answeredAtMs - askedAtMs;
    if (cursor === undefined && !batch.reset) {
      throw new RevocationSourceError('bad_answer', 'Asked for a snapshot, and got none');
    }
    const { replacements } = this.list;
    await this.apply(batch, askedAtMs);
    this.cursor = batch.cursor;
    if (this.list.replacements > replacements) {
      this.options.log?.log(`Revocation list replaced by a new one: ${this.list.size} entries`);
    }
    if (this.hasForgottenMore(batch)) this.startAnew();
    this.outage.noteAnswer();
    if (batch.jwks !== undefined) this.options.onKeySetFingerprint?.(batch.jwks);
    if (batch.ageMs !== undefined) {
      this.options.onReach?.(batch.ageMs + this.list.monotonicNow() - answeredAtMs);
    }
    // A source may answer early, when it is full or by mistake: pause, or this is a busy loop.
    const isNews = batch.reset ? cursor === undefined : batch.entries.length > 0;
    if (!isNews && tookMs < waitSeconds * 500) await this.pause(spreadMs(400));
  }

  /**
   * Applies a batch in chunks, so that requests are served between them. For the list they are a
   * chain of small pages.
   */
  private async apply(batch: RevocationBatch, askedAtMs: number): Promise<void> {
    const { entries, more, reset } = batch;
    for (let at = 0; at === 0 || at < entries.length; at += CHUNK_SIZE) {
      // Before the first chunk, too: to parse a page of several took long already.
      if (entries.length > CHUNK_SIZE) await nextTurn();
      const end = at + CHUNK_SIZE;
      const chunk = entries.slice(at, end);
      this.list.apply(
        { ...batch, entries: chunk, reset: reset && at === 0, more: more || end < entries.length },
        askedAtMs,
      );
    }
  }

  /**
   * A long poll waits a whole second at least, too long to prove that the list is less than two
   * seconds old. Then short reads in between prove it, while the long poll moves the cursor.
   */
  private async probe(): Promise<void> {
    if (this.strictestMs >= this.waitSeconds * 3_000) return;
    while (!this.isStopped) {
      await this.pause(Math.max(this.strictestMs / 4, 50));
      const { cursor } = this;
      if (cursor === undefined || this.outage.isOn) continue;
      const askedAtMs = this.list.monotonicNow();
      // One that fails proves nothing; the long poll reports why it fails.
      const batch = await this.readSource(cursor, 0).catch(() => undefined);
      const isRest = batch !== undefined && !batch.reset && !batch.more;
      if (!isRest || batch.entries.length > CHUNK_SIZE) continue;
      this.list.confirm(batch.entries, askedAtMs, batch.expiredBefore);
    }
  }

  private async prune(): Promise<void> {
    while (!this.isStopped) {
      await this.pause(PRUNE_EVERY_MS);
      const steps = this.list.pruneInSteps(this.clock.nowSeconds());
      while (!this.isStopped && !steps.next().done) await nextTurn();
    }
  }

  private readSource(after: string | undefined, waitSeconds: number): Promise<RevocationBatch> {
    return within(waitSeconds * 1000 + ANSWER_MS, this.stopping.signal, (signal) =>
      this.source.read(after, { waitSeconds, signal }),
    );
  }

  /**
   * Whether the list has forgotten entries that the source still sends: its clock was ahead, and
   * has been corrected.
   */
  private hasForgottenMore({ more, expiredBefore = Infinity }: RevocationBatch): boolean {
    return !more && this.list.forgottenBefore - expiredBefore > NOTICED_STEP_SECONDS;
  }

  private startAnew(): void {
    this.cursor = undefined;
    this.options.log?.warn('A clock was set back: reading all revocations again');
  }

  private get waitSeconds(): number {
    return Math.min(Math.max(Math.floor(this.strictestMs / 10_000), 1), MAX_WAIT_SECONDS);
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private pause(ms: number): Promise<void> {
    return pause(ms, this.stopping.signal);
  }
}
