import type { FaultWindow } from '../stage/fault-history.js';
import type { Probe } from './probe.js';
import type { Fate } from './revocation-record.js';

/**
 * How the promise can be broken.
 *
 * - `accepted_too_late`: a service let in a revoked token later than the bound after the
 *   acknowledgement.
 * - `revocation_missing`: after recovery an acknowledged revocation is not in a feed, or its token
 *   is let in.
 * - `refused_alive`: 401 for a token that nobody had tried to revoke.
 * - `unexpected_answer`: neither a verdict nor an honest "I cannot say".
 * - `not_recovered`: with everything mended, something still does not work.
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

/** What there is to know of a probe that broke a rule. */
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
    ...(revocations.length > 0 ? revocations : ['nobody had tried to revoke it']),
    `broken meanwhile: ${faults.join('; ') || 'nothing'}`,
  ];
  return { rule, story: story.join('\n  ') };
}

const at = (ms: number) => `${(ms / 1000).toFixed(3)} s`;
