import { Logger } from '@nestjs/common';
import { TokenError } from '../verifier/token-error.js';
import type { RevocationList } from '../revocation/revocation-list.js';
import type { TokenVerifier } from '../verifier/issuers-verifier.js';
import type { TokenWatch } from '../verifier/access-token-verifier.js';
import { isPromise } from '../verifier/is-promise.js';

interface Open {
  readonly watch: TokenWatch;
  readonly end: (reason: TokenError) => void;
}

/** The wall clock may be set, or the machine sleep: no time-out is trusted for longer. */
const LONGEST_TIMEOUT_MS = 30_000;

/**
 * What is open for longer than a request, and ends with its token: sockets, streams, subscriptions.
 *
 * One timer for all of them, which waits for the first to expire; a revocation is looked for when
 * the list gets an entry. Nothing runs while nothing is open.
 */
export class OpenConnections {
  private readonly logger = new Logger('JwtGuard');
  private readonly open = new Set<Open>();
  private readonly lists = new Set<RevocationList>();
  private timer: NodeJS.Timeout | undefined;
  /** On the monotonic clock: the wall clock may be set while the timer runs. */
  private sweepAtMs = Infinity;
  private sweepTookMs = 0;

  constructor(private readonly verifier: TokenVerifier) {}

  get size(): number {
    return this.open.size;
  }

  /**
   * Calls `end` once, when the token has expired or is revoked, or at once if it cannot be
   * followed: `introspection_unavailable`, if the source of reference tokens fails. The token was
   * accepted before. What `end` throws is logged.
   *
   * @returns to be called when the connection ends by itself
   */
  add(token: string, end: (reason: TokenError) => void): () => void {
    let isReleased = false;
    let release = () => {
      isReleased = true;
    };
    const follow = (watch: TokenWatch) => {
      if (!isReleased) release = this.follow({ watch, end });
    };
    const refuse = (error: unknown) => {
      if (!isReleased) this.callEnd(end, this.reasonOf(error));
    };
    try {
      const watch = this.verifier.watch(token);
      if (isPromise(watch)) watch.then(follow, refuse);
      else follow(watch);
    } catch (reason) {
      queueMicrotask(() => refuse(reason));
    }
    return () => release();
  }

  private follow(open: Open): () => void {
    this.open.add(open);
    const { revocations } = open.watch;
    if (!this.lists.has(revocations)) {
      this.lists.add(revocations);
      revocations.onAddition(this.noteRevocation);
    }
    this.sweepWithin(open.watch.endsAtMs() - Date.now());
    // A revocation may have come between the guard and here.
    if (open.watch.endedBy()) this.noteRevocation();
    return () => {
      this.open.delete(open);
      if (this.open.size === 0) this.rest();
    };
  }

  /** Many entries in a row cause few sweeps: they take a tenth of the time at most. */
  private readonly noteRevocation = (): void => this.sweepWithin(this.sweepTookMs * 9);

  private sweepWithin(ms: number): void {
    const delayMs = Math.min(Math.max(ms, 0), LONGEST_TIMEOUT_MS);
    const atMs = performance.now() + delayMs;
    if (atMs >= this.sweepAtMs) return;
    clearTimeout(this.timer);
    this.sweepAtMs = atMs;
    this.timer = setTimeout(() => this.sweep(), delayMs);
    this.timer.unref();
  }

  private sweep(): void {
    const startedAtMs = performance.now();
    this.sweepAtMs = Infinity;
    let nextMs = Infinity;
    for (const each of this.open) {
      const reason = each.watch.endedBy();
      if (reason === undefined) nextMs = Math.min(nextMs, each.watch.endsAtMs());
      else this.end(each, reason);
    }
    this.sweepTookMs = performance.now() - startedAtMs;
    if (this.open.size === 0) this.rest();
    // At the very millisecond it may not have ended yet.
    else this.sweepWithin(Math.max(nextMs - Date.now(), 20));
  }

  private end(open: Open, reason: TokenError): void {
    this.open.delete(open);
    this.callEnd(open.end, reason);
  }

  /** The others must still end if one cannot. */
  private callEnd(end: Open['end'], reason: TokenError): void {
    try {
      end(reason);
    } catch (error) {
      this.logger.error(error, 'A connection did not end with its token');
    }
  }

  /** A source of reference tokens may fail with any error. */
  private reasonOf(error: unknown): TokenError {
    if (error instanceof TokenError) return error;
    this.logger.error(error, 'A token cannot be followed');
    return new TokenError('introspection_unavailable', 'the token cannot be followed', {
      cause: error,
    });
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sweepAtMs = Infinity;
    for (const list of this.lists) list.offAddition(this.noteRevocation);
    this.lists.clear();
  }
}
