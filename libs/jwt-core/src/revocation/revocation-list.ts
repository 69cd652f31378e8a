import { RevocationEntries, type RevocableToken } from './revocation-entries.js';
import type { Revocation } from './revocation.js';
import type { RevocationBatch } from './revocation-source.js';

export type { RevocableToken };

/**
 * How long an entry outlives its `exp`, in seconds. Covers verifiers that accept a token for some
 * time after its expiry: their clock tolerance has to stay below this.
 */
export const PRUNE_GRACE_SECONDS = 60;

/** A smaller step of a clock lies within the pruning grace: no token is refused because of it. */
export const NOTICED_STEP_SECONDS = PRUNE_GRACE_SECONDS / 2;

/** The longest clock tolerance that a service can set, in seconds. */
export const MAX_CLOCK_TOLERANCE_SECONDS = PRUNE_GRACE_SECONDS - 1;

export interface RevocationListOptions {
  /** How old the last proof of completeness may be. */
  readonly maxStalenessMs: number;
  /** A clock in milliseconds that no adjustment of the wall clock moves. */
  readonly monotonicNow?: (() => number) | undefined;
}

/**
 * `blind`: never had a snapshot. `stale`: had one, but its last proof is too old. `none`: there is
 * no source to read.
 */
export type RevocationListState = 'blind' | 'fresh' | 'stale' | 'none';

/**
 * Everything revoked and not yet expired, in memory, and how sure that is.
 *
 * Once an entry was applied it counts until it expires: also while a new snapshot is being read,
 * page by page, to take the place of the old one.
 */
export class RevocationList {
  readonly maxStalenessMs: number;
  /** The clock that ages are measured by. */
  readonly monotonicNow: () => number;
  private current = new RevocationEntries();
  /** The snapshot that is being read, until it is complete. */
  private next: RevocationEntries | undefined;
  /** The source leaves out what expired before this second. Infinity: it does not report that. */
  private leftOutBefore = Infinity;
  /** The same, for the snapshot that is being read. */
  private nextForgottenBefore = -Infinity;
  private forgottenBeforeSeconds = -Infinity;
  private chainAskedAtMs: number | undefined;
  private provenAtMs = -Infinity;
  private additions = 0;
  /** When an entry last came from elsewhere than a chain of pages. */
  private addedAtMs = -Infinity;
  private replacementCount = 0;
  private readonly additionListeners = new Set<() => void>();

  /**
   * @throws TypeError unless the age is a positive number: no list would ever be older than NaN.
   */
  constructor({ maxStalenessMs, monotonicNow = () => performance.now() }: RevocationListOptions) {
    if (!(maxStalenessMs > 0 && maxStalenessMs < Infinity)) {
      throw new TypeError('maxStalenessMs is a positive number of milliseconds');
    }
    this.maxStalenessMs = maxStalenessMs;
    this.monotonicNow = monotonicNow;
  }

  /** The list of an issuer whose tokens cannot be revoked: always empty, and never too old. */
  static none(maxStalenessMs: number): RevocationList {
    const list = new RevocationList({ maxStalenessMs });
    list.provenAtMs = Infinity;
    return list;
  }

  get state(): RevocationListState {
    if (this.provenAtMs === Infinity) return 'none';
    if (this.isBlind) return 'blind';
    return this.isFresh() ? 'fresh' : 'stale';
  }

  /** How often a new snapshot has taken the place of a list that was there. */
  get replacements(): number {
    return this.replacementCount;
  }

  /** Entries held. */
  get size(): number {
    return this.current.size;
  }

  /**
   * Grows whenever an entry is added. A token found unrevoked stays so while this is unchanged.
   */
  get version(): number {
    return this.additions;
  }

  /**
   * Entries that expired before this second may be missing here. A token with an earlier `exp` may
   * have been revoked without a trace, whatever the wall clock says now: it has to count as
   * expired.
   */
  get forgottenBefore(): number {
    return this.forgottenBeforeSeconds;
  }

  /**
   * Milliseconds since the list was last known to be complete. Infinity while blind, and -Infinity
   * if there is none.
   */
  proofAgeMs(): number {
    return this.monotonicNow() - this.provenAtMs;
  }

  /** Whether the list is at most so old. Never while blind, not even for Infinity. */
  isFresh(maxStalenessMs = this.maxStalenessMs): boolean {
    return !this.isBlind && this.proofAgeMs() <= maxStalenessMs;
  }

  isRevoked(token: RevocableToken): boolean {
    return this.current.covers(token);
  }

  /** For an issuer, so that it does not sign with a withdrawn key. */
  isKeyRevoked(kid: string): boolean {
    return this.current.coversKey(kid);
  }

  /**
   * Adds entries that are known before the source sends them. This proves nothing of others. A
   * snapshot that was requested before, and may lack them, does not remove them.
   */
  add(entries: readonly Revocation[]): void {
    if (entries.length > 0) this.addedAtMs = this.monotonicNow();
    this.take(entries);
  }

  /** Calls a listener after each addition, until `offAddition`. It must not throw. */
  onAddition(listener: () => void): void {
    this.additionListeners.add(listener);
  }

  offAddition(listener: () => void): void {
    this.additionListeners.delete(listener);
  }

  /**
   * Takes in one answer of the source.
   *
   * @param askedAtMs when the answer was requested, on the monotonic clock. The answer proves that
   * the list was complete then, and not when it arrived: it may have been delayed. Of a chain of
   * pages the first request counts, as later pages may show a snapshot that was taken for the
   * first.
   */
  apply({ reset, more, entries, expiredBefore }: RevocationBatch, askedAtMs: number): void {
    if (reset) this.startAnew(askedAtMs);
    this.leftOutBefore = Infinity;
    this.noteLeftOut(expiredBefore);
    if (reset || this.chainAskedAtMs === undefined) this.chainAskedAtMs = askedAtMs;
    this.take(entries);
    if (!more) this.complete(this.chainAskedAtMs);
  }

  /**
   * Notes that the source had only what was applied before and these entries at that instant,
   * except for what had expired before the given second. Unlike `apply`, it does not change a chain
   * of pages that is being read.
   */
  confirm(entries: readonly Revocation[], askedAtMs: number, expiredBefore?: number): void {
    this.noteLeftOut(expiredBefore);
    this.add(entries);
    // Without a snapshot to build on it proves nothing: what came before it is not here.
    if (!this.isBlind) this.provenAtMs = Math.max(this.provenAtMs, askedAtMs);
  }

  /**
   * Forgets entries that expired more than {@link PRUNE_GRACE_SECONDS} ago, in one go. If the
   * source reports which entries it leaves out, all others are kept.
   */
  prune(nowSeconds: number): void {
    const steps = this.pruneInSteps(nowSeconds);
    while (!steps.next().done);
  }

  /** The same in steps of well under a millisecond, for a caller that lets requests in between. */
  pruneInSteps(nowSeconds: number): Generator<void> {
    const beforeSeconds = Math.min(nowSeconds - PRUNE_GRACE_SECONDS, this.leftOutBefore);
    this.forgottenBeforeSeconds = Math.max(this.forgottenBeforeSeconds, beforeSeconds);
    return this.current.prune(beforeSeconds);
  }

  /** Counts as too old until the next proof, as it does when time has passed: for tests. */
  distrust(): void {
    if (!Number.isFinite(this.provenAtMs)) return;
    this.provenAtMs = this.monotonicNow() - this.maxStalenessMs - 1;
  }

  private get isBlind(): boolean {
    return this.provenAtMs === -Infinity;
  }

  private noteLeftOut(expiredBefore: number | undefined): void {
    if (expiredBefore === undefined) return;
    this.leftOutBefore = expiredBefore;
    this.forgottenBeforeSeconds = Math.max(this.forgottenBeforeSeconds, expiredBefore);
    this.nextForgottenBefore = Math.max(this.nextForgottenBefore, expiredBefore);
  }

  private take(entries: readonly Revocation[]): void {
    for (const entry of entries) {
      this.current.add(entry);
      if (this.next !== this.current) this.next?.add(entry);
    }
    this.additions += entries.length;
    if (entries.length > 0) for (const listener of this.additionListeners) listener();
  }

  private startAnew(askedAtMs: number): void {
    // A snapshot may have been taken before an entry that was added since. Then it is merged into
    // the list: that keeps what the source no longer has, until it expires, and needs no second
    // copy.
    const mayLackEntries = this.addedAtMs >= askedAtMs;
    this.next = mayLackEntries ? this.current : new RevocationEntries();
    this.nextForgottenBefore = -Infinity;
    // A blind list accepts no token, so it needs no second copy to be safe meanwhile.
    if (this.isBlind) this.current = this.next;
  }

  private complete(askedAtMs: number): void {
    this.chainAskedAtMs = undefined;
    if (this.next === undefined) return this.confirm([], askedAtMs);
    if (!this.isBlind) this.replacementCount += 1;
    this.current = this.next;
    this.next = undefined;
    // The new snapshot holds again what the old one had forgotten by a clock that was ahead.
    const isReported = this.nextForgottenBefore > -Infinity;
    if (isReported) this.forgottenBeforeSeconds = this.nextForgottenBefore;
    this.provenAtMs = Math.max(this.provenAtMs, askedAtMs);
  }
}
