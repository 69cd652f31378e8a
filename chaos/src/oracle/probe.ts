import type { Subject } from './subject.js';

/**
 * What a service said of a token: `accepted`; 401 with its code; `unknown` for 503, it cannot say;
 * `unanswered` when it said nothing; anything else in words.
 */
export type Verdict =
  | 'accepted'
  | 'token_revoked'
  | 'token_expired'
  | 'token_invalid'
  | 'token_missing'
  | 'unknown'
  | 'unanswered'
  | `unexpected ${string}`;

/** One token presented to one service. Times are those of the run, in milliseconds. */
export interface Probe {
  readonly subject: Subject;
  /** Which service, from 0. */
  readonly service: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly verdict: Verdict;
}
