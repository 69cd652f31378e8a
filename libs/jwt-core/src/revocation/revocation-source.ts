import type { Revocation } from './revocation.js';

/** One answer of a source: what became visible since the cursor of the request. */
export interface RevocationBatch {
  /** What to send to read on from here. Opaque. */
  readonly cursor: string;
  /** A snapshot: the reader drops the entries that it had. */
  readonly reset: boolean;
  /** There is more to read at once. Only a batch with `false` proves that the list is complete. */
  readonly more: boolean;
  /** Fingerprint of the issuer's key set, where the source knows it. */
  readonly jwks?: string;
  /**
   * How many milliseconds ago the oldest of these entries was recorded, where the source knows. Not
   * in a snapshot. For measurements only.
   */
  readonly ageMs?: number;
  /**
   * Entries that expired before this second (since the epoch, by the clock of the source) are left
   * out. If absent, the clock of the source is assumed to agree with the reader's.
   */
  readonly expiredBefore?: number;
  readonly entries: readonly Revocation[];
}

/** Such a cursor fits into a request line, even with each character percent-encoded. */
export const MAX_CURSOR_LENGTH = 4_096;

/** The longest wait of a read, also by HTTP: proxies end requests that take much longer. */
export const MAX_WAIT_SECONDS = 25;

/**
 * The most entries of a batch. It takes a millisecond to parse, in which nothing else is served.
 */
export const PAGE_SIZE = 2_000;

export interface ReadOptions {
  /** How long to wait for something new before answering with an empty batch. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal;
}

/**
 * Where revocations come from.
 *
 * A list relies on this promise: a batch with `more: false` contains every revocation that was
 * committed before `read` was called. A source that cannot keep it rejects. It never returns an
 * empty batch instead.
 */
export interface RevocationSource {
  /**
   * Returns everything unexpired if `after` is undefined, unknown, foreign or too old
   * (`reset: true`), otherwise what became visible since, whatever the order in which transactions
   * committed.
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
  | 'unavailable'
  | 'timed_out'
  | 'aborted'
  | 'bad_answer'
  | 'no_feed';

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
