import { expect, it } from 'vitest';
import { FAULT_KINDS } from '../plan/fault-plan.js';
import { ChaosRun, type ChaosOptions } from './chaos-run.js';
import { summary } from './summary.js';

/** Short, and gentle to a machine that is busy with other suites. */
const options: ChaosOptions = {
  // Its plan has every kind of fault within these seconds.
  seed: '1118',
  durationMs: 8_000,
  pace: { faultMs: [400, 1_500], pauseMs: [100, 400] },
  services: 2,
  population: { clientTokens: 120, sessions: 12 },
  // No other bound than the one that services keep by themselves, however slow they are.
  bounds: { stalenessMs: 3_000, calmMs: 3_000, settlingMs: 5_000 },
  recoverWithinMs: 90_000,
  revocationsPerSecond: 20,
  probesPerSecond: 12,
};

it('no revocation is missed, and no valid token refused, while everything breaks', async () => {
  const result = await new ChaosRun(options).run();
  const { tally, plannedFaults } = result;
  expect(tally.violations, summary(options, result)).toEqual([]);
  expect(tally.faults.total).toBe(plannedFaults);
  for (const kind of FAULT_KINDS) expect(tally.faults.of(kind), kind).toBeGreaterThan(0);
  for (const kind of ['jti', 'sid'] as const) expect(tally.revoked.of(kind)).toBeGreaterThan(2);
  for (const verdict of ['accepted', 'token_revoked'] as const) {
    expect(tally.verdicts.of(verdict)).toBeGreaterThan(50);
  }
}, 300_000);
