import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../plan/fault-plan.js';
import type { FaultHistory } from '../stage/fault-history.js';
import { inject } from '../stage/inject.js';
import type { Stage } from '../stage/stage.js';
import type { Tally } from './tally.js';

export interface StormOptions {
  readonly stage: Stage;
  readonly faults: FaultHistory;
  readonly tally: Tally;
  readonly nowMs: () => number;
}

/** Breaks things as planned from now on. Resolves when the last one is mended. */
export async function storm(plan: readonly Fault[], options: StormOptions): Promise<void> {
  const { stage, faults, tally, nowMs } = options;
  const startedAtMs = nowMs();
  // What breaks the same thing waits for what broke it before: to mend one would mend the other.
  const lastOf = new Map<string, Promise<unknown>>();
  const breakOne = async (fault: Fault) => {
    const window = faults.began(fault, nowMs());
    tally.faults.add(fault.kind);
    try {
      await inject(stage, fault);
    } finally {
      faults.ended(window, nowMs());
    }
  };
  for (const fault of plan) {
    await sleep(Math.max(0, startedAtMs + fault.atMs - nowMs()));
    const subject = subjectOf(fault);
    const last = lastOf.get(subject) ?? Promise.resolve();
    const broken = last.then(() => breakOne(fault));
    // Thrown below, when the plan has come to its end.
    broken.catch(() => undefined);
    lastOf.set(subject, broken);
  }
  await Promise.all(lastOf.values());
}

/** What a fault breaks. */
function subjectOf({ kind, target }: Fault): string {
  const [thing = kind] = kind.split('-');
  return thing === 'postgres' || thing === 'issuer' ? thing : `${thing} ${target}`;
}
