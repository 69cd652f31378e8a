import { RevocationEntries, type RevocableToken } from './revocation-entries.js';
import type { RevocationBatch } from './revocation-source.js';

export type { RevocableToken };

/**
 * How long an entry outlives its `exp`, in seconds. Covers verifiers that accept a token for some
 * time after its expiry: their clock tolerance has to stay below this.
 */
export const pruneGraceSeconds = 60;

export interface RevocationListOptions {
  /** How old the last proof of completeness may be. */
  readonly maxStalenessMs: number;
  /** A clock in milliseconds that no adjustment of the wall clock moves. */
  readonly monotonicNow?: () => number;
}

/** `blind`: never had a snapshot. `stale`: had one, but its last proof is too old. */
export type RevocationListState = 'blind' | 'fresh' | 'stale';

/**
 * Everything revoked and not yet expired, in memory, and how sure that is.
 *
 * Once an entry was applied it counts until it expires: also while a new snapshot is being read,
 * page by page, to take the place of the old one.
 */
export class RevocationList {
  readonly maxStalenessMs: number;
  readonly #monotonicNow: () => number;
  #current = new RevocationEntries();
  /** The snapshot that is being read, until it is complete. */
  #next: RevocationEntries | undefined;
  #chainAskedAtMs: number | undefined;
  #provenAtMs = -Infinity;
  #version = 0;

  constructor({ maxStalenessMs, monotonicNow = () => performance.now() }: RevocationListOptions) {
    this.maxStalenessMs = maxStalenessMs;
    this.#monotonicNow = monotonicNow;
  }

  get state(): RevocationListState {
    if (this.#provenAtMs === -Infinity) return 'blind';
    return this.isFresh() ? 'fresh' : 'stale';
  }

  /** Entries held. */
  get size(): number {
    return this.#current.size;
  }

  /**
   * Grows whenever an entry is added. A token found unrevoked stays so while this is unchanged.
   */
  get version(): number {
    return this.#version;
  }

  /** Milliseconds since the source was last known to have told everything. Infinity while blind. */
  proofAgeMs(): number {
    return this.#monotonicNow() - this.#provenAtMs;
  }

  /** Whether the list is at most so old. Never while blind, not even for Infinity. */
  isFresh(maxStalenessMs = this.maxStalenessMs): boolean {
    return this.#provenAtMs !== -Infinity && this.proofAgeMs() <= maxStalenessMs;
  }

  isRevoked(token: RevocableToken): boolean {
    return this.#current.covers(token);
  }

  /**
   * Takes in one answer of the source.
   *
   * @param askedAtMs when the answer was asked for, on the monotonic clock. That instant is what it
   * proves, as it may have been long on its way; in a chain of pages the first one's, as later pages
   * may show a snapshot taken for the first.
   */
  apply({ reset, more, entries }: RevocationBatch, askedAtMs: number): void {
    if (reset) this.#startAnew();
    if (reset || this.#chainAskedAtMs === undefined) this.#chainAskedAtMs = askedAtMs;
    for (const entry of entries) {
      this.#current.add(entry);
      if (this.#next !== this.#current) this.#next?.add(entry);
    }
    this.#version += entries.length;
    if (!more) this.#complete(this.#chainAskedAtMs);
  }

  /** Forgets entries that expired more than {@link pruneGraceSeconds} ago, in one go. */
  prune(nowSeconds: number): void {
    const steps = this.pruneInSteps(nowSeconds);
    while (!steps.next().done);
  }

  /** The same in steps of well under a millisecond, for a caller that lets requests in between. */
  pruneInSteps(nowSeconds: number): Generator<void> {
    return this.#current.prune(nowSeconds - pruneGraceSeconds);
  }

  #startAnew(): void {
    this.#next = new RevocationEntries();
    // A blind list lets nobody in, so it needs no second copy to be safe meanwhile.
    if (this.#provenAtMs === -Infinity) this.#current = this.#next;
  }

  #complete(askedAtMs: number): void {
    this.#chainAskedAtMs = undefined;
    // Without a snapshot to build on, a batch proves nothing: what came before it is not here.
    const blind = this.#provenAtMs === -Infinity;
    if (blind && this.#next === undefined) return;
    this.#current = this.#next ?? this.#current;
    this.#next = undefined;
    this.#provenAtMs = Math.max(this.#provenAtMs, askedAtMs);
  }
}
