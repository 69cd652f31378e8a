import type { TokenErrorCode } from '@jwt-auth/jwt-core';
import type { FaultWindow } from '../stage/fault-history.js';
import type { Fate } from './revocation-record.js';
import type { Subject } from './subject.js';

/** The codes of a 401. */
export const REFUSALS = [
  'token_revoked',
  'token_expired',
  'token_invalid',
  'token_missing',
] as const satisfies TokenErrorCode[];

/**
 * The answer of a service to a token: `accepted`; the code of a 401; `unknown` for 503, when it cannot
 * know; `unanswered` without an answer; anything else in words.
 */
export type Verdict =
  | 'accepted'
  | (typeof REFUSALS)[number]
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

/**
 * How the promise can be broken.
 *
 * - `accepted_too_late`: a service accepted a revoked token later than the bound after the
 *   acknowledgement.
 * - `revocation_missing`: after recovery an acknowledged revocation is not in a feed, or its token
 *   is accepted.
 * - `refused_alive`: 401 for a token of which no revocation was tried.
 * - `unexpected_answer`: neither a verdict nor a 503.
 * - `not_recovered`: everything is repaired, and something still does not work.
 */
export type ViolationRule =
  | 'accepted_too_late'
  | 'revocation_missing'
  | 'refused_alive'
  | 'unexpected_answer'
  | 'not_recovered';

export interface Violation {
  readonly rule: ViolationRule;
  readonly story: string;
}

/** Describes a probe that broke a rule. */
export function violation(
  rule: ViolationRule,
  { subject, service, startedAtMs, endedAtMs, verdict }: Probe,
  fate: Fate,
  windows: readonly FaultWindow[],
): Violation {
  const { jti, sid = 'none', client, kid } = subject;
  const revocations = fate.by.map(
    ({ kind, id, attemptedAtMs, acknowledgedAtMs }) =>
      `revoked by ${kind} ${id}, asked at ${at(attemptedAtMs)}, acknowledged ${
        acknowledgedAtMs === undefined ? 'never' : `at ${at(acknowledgedAtMs)}`
      }`,
  );
  const faults = windows.map(
    ({ fault: { kind, target }, fromMs, toMs }) =>
      `${kind} ${target} from ${at(fromMs)} to ${toMs === Infinity ? 'now' : at(toMs)}`,
  );
  const story = [
    `orders ${service} said ${verdict}; asked at ${at(startedAtMs)}, answered at ${at(endedAtMs)}`,
    `token jti ${jti}, sid ${sid}, client ${client}, kid ${kid}`,
    ...(revocations.length > 0 ? revocations : ['no revocation of it was tried']),
    `broken meanwhile: ${faults.join('; ') || 'nothing'}`,
  ];
  return { rule, story: story.join('\n  ') };
}

const at = (ms: number) => `${(ms / 1000).toFixed(3)} s`;
