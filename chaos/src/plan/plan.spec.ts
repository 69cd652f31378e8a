import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, planFaults } from './fault-plan.js';
import { planOperations } from './operation-plan.js';
import { Random } from './random.js';

const pace = { faultMs: [400, 7_000], pauseMs: [500, 4_000] } as const;
const stage = { auths: 2, services: 3 };
const options = { durationMs: 120_000, stormMs: 20_000, calmMs: 12_000, pace, ...stage };
const faults = (seed: string) => planFaults(new Random(seed), options);

function operations(seed: string, count: number) {
  const plan = planOperations(new Random(seed), 2);
  return Array.from({ length: count }, () => plan.next().value);
}

describe('a plan', () => {
  it('depends on the seed alone', () => {
    expect(faults('7')).toEqual(faults('7'));
    expect(faults('7')).not.toEqual(faults('8'));
    expect(operations('7', 500)).toEqual(operations('7', 500));
    expect(operations('7', 500)).not.toEqual(operations('8', 500));
  });

  it('has each kind of fault, and repairs it before the calm', () => {
    const planned = faults('1');
    expect(new Set(planned.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    for (const { atMs, forMs } of planned) {
      const inCycle = (atMs % 32_000) + forMs;
      expect(inCycle).toBeLessThanOrEqual(20_000);
    }
  });

  it('moves clocks by up to an hour, either way', () => {
    const shifts = faults('1').map(({ shiftSeconds }) => shiftSeconds);
    expect(Math.min(...shifts)).toBeLessThan(-60);
    expect(Math.max(...shifts)).toBeGreaterThan(60);
    expect(Math.max(...shifts.map(Math.abs))).toBeLessThanOrEqual(3_600);
  });

  it('revokes every kind in every way, and a key rarely', () => {
    const planned = operations('1', 20_000);
    const ways = new Set(planned.map(({ kind, way }) => `${kind} ${way}`));
    expect(ways.size).toBe(11);
    expect(planned.filter(({ kind }) => kind === 'kid')).toHaveLength(29);
    expect(new Set(planned.map(({ auth }) => auth))).toEqual(new Set([0, 1]));
  });
});
