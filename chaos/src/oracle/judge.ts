import type { FaultHistory } from '../stage/fault-history.js';
import { type Probe, violation, type Violation, type ViolationRule } from './probe.js';
import type { Fate, RevocationRecord } from './revocation-record.js';

export interface Bounds {
  /** `REVOCATION_MAX_STALENESS`: the latest acceptance after an acknowledgement, under any fault. */
  readonly stalenessMs: number;
  /** The same while nothing is broken. */
  readonly calmMs: number;
  /** How long after a fault was mended it still excuses. */
  readonly settlingMs: number;
}

/** The latest time at which a revoked token was accepted after the acknowledgement. */
export interface WorstReach {
  calmMs: number;
  faultMs: number;
}

/** A moved clock is back within a moment, but the verdict may be read late. */
const CLOCK_SETTLING_MS = 5_000;

/** Compares each answer of a service with the revocations and faults of that time. */
export class Judge {
  readonly worst: WorstReach = { calmMs: 0, faultMs: 0 };

  constructor(
    private readonly bounds: Bounds,
    private readonly record: RevocationRecord,
    private readonly faults: FaultHistory,
  ) {}

  /** The rule that a probe during the run breaks, if any. Call it after the probe. */
  during(probe: Probe): Violation | undefined {
    const fate = this.record.fateOf(probe.subject);
    const rule = this.brokenRule(probe, fate);
    return rule && this.violation(rule, probe, fate);
  }

  /** The same for a probe after the recovery: no fault excuses anything any more. */
  afterwards(probe: Probe): Violation | undefined {
    const fate = this.record.fateOf(probe.subject);
    const isDead = fate.acknowledgedAtMs < probe.startedAtMs;
    if (isDead && probe.verdict === 'accepted')
      return this.violation('revocation_missing', probe, fate);
    const isSilent = probe.verdict === 'unknown' || probe.verdict === 'unanswered';
    if (isSilent) return this.violation('not_recovered', probe, fate);
    return this.during(probe);
  }

  private brokenRule(probe: Probe, fate: Fate): ViolationRule | undefined {
    const { verdict, startedAtMs, endedAtMs } = probe;
    if (verdict === 'accepted') {
      return this.isTooLate(startedAtMs, endedAtMs, fate) ? 'accepted_too_late' : undefined;
    }
    if (verdict === 'unknown' || verdict === 'unanswered') return undefined;
    if (verdict.startsWith('unexpected')) return 'unexpected_answer';
    const mayBeDead = fate.attemptedAtMs <= endedAtMs;
    if (verdict === 'token_revoked') return mayBeDead ? undefined : 'refused_alive';
    // By a wrong clock, a token may be expired, or issued in the future.
    return mayBeDead || this.hadMovedClock(probe) ? undefined : 'refused_alive';
  }

  /** A request counts from its start: a service may decide at once, and answer late. */
  private isTooLate(startedAtMs: number, endedAtMs: number, fate: Fate): boolean {
    const reachMs = startedAtMs - fate.acknowledgedAtMs;
    if (!(reachMs > 0)) return false;
    const { stalenessMs, calmMs, settlingMs } = this.bounds;
    const isCalm = this.faults.between(fate.acknowledgedAtMs, endedAtMs, settlingMs).length === 0;
    const sort = isCalm ? 'calmMs' : 'faultMs';
    this.worst[sort] = Math.max(this.worst[sort], reachMs);
    return reachMs > (isCalm ? calmMs : stalenessMs);
  }

  private hadMovedClock({ service, startedAtMs, endedAtMs }: Probe): boolean {
    return this.faults
      .between(startedAtMs, endedAtMs, CLOCK_SETTLING_MS)
      .some(({ fault }) => fault.shiftSeconds !== 0 && fault.target === service);
  }

  private violation(rule: ViolationRule, probe: Probe, fate: Fate): Violation {
    const fromMs = Math.min(fate.acknowledgedAtMs, probe.startedAtMs);
    const around = this.faults.between(fromMs, probe.endedAtMs, this.bounds.settlingMs);
    return violation(rule, probe, fate, around);
  }
}
