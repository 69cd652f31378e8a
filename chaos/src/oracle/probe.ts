import { REVOCATION_KINDS, type RevocationKind } from '@jwt-auth/jwt-core';
import type { FaultWindow } from '../stage/fault-history.js';
import type { Fate } from './revocation-record.js';

/** What a revocation can name about a token, and the token. */
export interface Subject extends Readonly<Record<RevocationKind, string | undefined>> {
  readonly token: string;
  readonly jti: string;
  readonly sid: string | undefined;
  readonly client: string;
  /** How often its client was revoked and went on before it was issued. */
  readonly generation?: number;
  readonly kid: string;
  /** In seconds since the epoch. */
  readonly exp: number;
}

/** What is dead: a token, a session, a client's tokens, or all that a key has signed. */
export interface Condemned {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Of a client that goes on: which of its tokens die. Later ones live. */
  readonly generation?: number;
}

/** Reads a token, unchecked: who issued it is the driver itself. */
export function subjectOf(token: string, generation?: number): Subject {
  const [header, payload] = token
    .split('.', 2)
    .map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
    );
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    token,
    jti: text(payload?.['jti']) ?? '',
    sid: text(payload?.['sid']),
    client: text(payload?.['client_id']) ?? '',
    kid: text(header?.['kid']) ?? '',
    exp: Number(payload?.['exp']),
    ...(generation !== undefined && { generation }),
  };
}

/** Everything by which a token can die. */
export function waysToDie(subject: Subject): Condemned[] {
  const ways = REVOCATION_KINDS.flatMap((kind): Condemned[] => {
    const id = subject[kind];
    return id === undefined ? [] : [{ kind, id }];
  });
  const { client: id, generation } = subject;
  return generation === undefined ? ways : [...ways, { kind: 'client', id, generation }];
}

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
