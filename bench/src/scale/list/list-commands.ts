import type { LongestPauses } from '../../revocation-list/longest-pause.js';

/** What the process that only keeps a list does next. It answers each with one message. */
export type ListCommand =
  | { readonly kind: 'load'; readonly issuer: string }
  /** Entries are being added now: wait until the list has so many. */
  | { readonly kind: 'grow'; readonly size: number }
  /** Forget what has expired by that second. */
  | { readonly kind: 'prune'; readonly nowSeconds: number }
  | { readonly kind: 'check' };

/** Time and memory of a command, and the list after it. */
export interface ListUsage {
  readonly seconds: number;
  /** Entries held now. */
  readonly size: number;
  /** The longest time for which the event loop did nothing else. */
  readonly pauses: LongestPauses;
  /** Memory of the process beyond what it had before the list: now, and at its peak. */
  readonly moreMegabytes: number;
  readonly peakMegabytes: number;
}

/** Of `check`: microseconds a check. */
export interface CheckReport {
  readonly checkMicroseconds: number;
}
