import type { RevocationKind } from '@jwt-auth/jwt-core';
import type { Verdict, Violation } from '../oracle/probe.js';

/** How often each of some things happened. */
export class Counter<Name extends string> {
  private readonly counts = new Map<Name, number>();

  add(name: Name): void {
    this.counts.set(name, this.of(name) + 1);
  }

  of(name: Name): number {
    return this.counts.get(name) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** `2 cut, 1 killed`: the most frequent first. */
  toString(): string {
    const sorted = [...this.counts].sort(([, one], [, other]) => other - one);
    return sorted.map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
  }
}

/** What a run has come to so far. */
export class Tally {
  /** Acknowledged revocations. */
  readonly revoked = new Counter<RevocationKind>();
  readonly verdicts = new Counter<Verdict>();
  readonly faults = new Counter<string>();
  readonly violations: Violation[] = [];
  /** Revocations that were not acknowledged at the first attempt. */
  retried = 0;
  /** How long after the last fault was mended everything worked again. */
  recoveredAfterMs = NaN;
}
