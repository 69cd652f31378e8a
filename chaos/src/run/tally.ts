import type { RevocationKind } from '@jwt-auth/jwt-core';
import type { Verdict, Violation } from '../oracle/probe.js';
import type { ChaosOptions, ChaosResult } from './chaos-run.js';

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

const MOST_STORIES = 20;

/** What a run has shown, in lines for readers. */
export function summary(options: ChaosOptions, result: ChaosResult): string {
  const { tally, worst, clockMover, minted, plannedFaults, unacknowledged } = result;
  const { violations } = tally;
  const { stalenessMs, calmMs } = options.bounds;
  const stories = violations
    .slice(0, MOST_STORIES)
    .map(({ rule, story }, index) => `\n${index + 1}. ${rule}\n  ${story}`);
  const left = violations.length - stories.length;
  return [
    '',
    `seed ${options.seed}, ${options.durationMs / 1000} s`,
    `tokens minted       ${minted}`,
    `revocations         ${tally.revoked.total}: ${tally.revoked.toString()}`,
    `  not at first try  ${tally.retried}, never acknowledged ${unacknowledged}`,
    `faults              ${tally.faults.total} of ${plannedFaults}: ${tally.faults.toString()}`,
    `  clocks moved by   ${clockMover}`,
    `probes              ${tally.verdicts.total}: ${tally.verdicts.toString()}`,
    `worst reach         ${inMs(worst.calmMs)} with nothing broken (bound ${calmMs} ms), ` +
      `${inMs(worst.faultMs)} under faults (bound ${stalenessMs} ms)`,
    `recovered           ${inMs(tally.recoveredAfterMs)} after the last fault was mended`,
    `violations          ${violations.length}`,
    ...stories,
    ...(left > 0 ? [`\n... and ${left} more`] : []),
  ].join('\n');
}

const inMs = (ms: number) => `${Math.round(ms)} ms`;
