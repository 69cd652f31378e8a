import type { Revocation } from './revocation.js';

/** One answer of a source: what became visible since the cursor of the request. */
export interface RevocationBatch {
  /** Where to go on from. Opaque. */
  readonly cursor: string;
  /** These entries are the whole list, from its beginning: the reader drops what it had. */
  readonly reset: boolean;
  /** There is more to read at once. Nothing is proven until a batch says `false`. */
  readonly more: boolean;
  /** Fingerprint of the issuer's key set, where the source knows it. */
  readonly jwks?: string;
  /**
   * For how many milliseconds the oldest of these entries has been recorded, where the source knows
   * and where they are all news: not in a snapshot. For measuring; nothing is decided by it.
   */
  readonly ageMs?: number;
  /**
   * Entries that expired before this second, in seconds since the epoch, are left out, by the clock
   * of the source. Where it does not say, its clock is taken to agree with the reader's.
   */
  readonly expiredBefore?: number;
  readonly entries: readonly Revocation[];
}

export interface ReadOptions {
  /** How long to wait for something new before answering with an empty batch. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal;
}

/**
 * Where revocations come from.
 *
 * The promise that a list rests on: a batch with `more: false` reflects every revocation that was
 * committed before `read` was called. A source that cannot promise that rejects; it never answers
 * with an empty batch instead.
 */
export interface RevocationSource {
  /**
   * Everything unexpired when `after` is undefined, unknown, foreign or too old (`reset: true`),
   * else what became visible since, in whatever order transactions committed.
   */
  read(after: string | undefined, options: ReadOptions): Promise<RevocationBatch>;
}

/**
 * Why a source could not be read.
 *
 * - `unavailable`: no connection, or an error status.
 * - `timed_out`, `aborted`: no complete answer in time, or before the caller aborted.
 * - `bad_answer`: a malformed answer, of which nothing is used.
 * - `no_feed`: the issuer's metadata name no revocation feed.
 */
export type RevocationSourceErrorCode =
  'unavailable' | 'timed_out' | 'aborted' | 'bad_answer' | 'no_feed';

/** The error of a `RevocationSource`. `message` is for logs. */
export class RevocationSourceError extends Error {
  override readonly name = 'RevocationSourceError';

  constructor(
    readonly code: RevocationSourceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
