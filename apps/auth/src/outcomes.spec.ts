import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import { Outcomes, outcomeMetrics } from './outcomes.js';

const coded = (code: unknown) => Object.assign(new Error('refused'), { code });

describe('outcomes', () => {
  it('are all there from the start', () => {
    expect(new Outcomes(['refused']).counts).toEqual({ succeeded: 0, refused: 0, failed: 0 });
  });

  it('are counted, and the result is handed on', async () => {
    const outcomes = new Outcomes(['refused']);
    expect(await outcomes.of(Promise.resolve(7))).toBe(7);
    expect(outcomes.counts).toEqual({ succeeded: 1, refused: 0, failed: 0 });
  });

  it.each([
    ['refused', coded('refused')],
    ['failed', coded('another code')],
    ['failed', coded(7)],
    ['failed', new Error('no code')],
    ['failed', 'no error'],
    ['failed', coded('constructor')],
  ])('are %s after %o, which is thrown on', async (outcome, error) => {
    const outcomes = new Outcomes(['refused']);
    await expect(outcomes.of(Promise.reject(error as Error))).rejects.toBe(error);
    const none = { succeeded: 0, refused: 0, failed: 0 };
    expect(outcomes.counts).toEqual({ ...none, [outcome]: 1 });
  });

  it('are counters, each from the start', async () => {
    const outcomes = new Outcomes(['refused']);
    await outcomes.of(Promise.resolve());
    const registry = new Registry();
    outcomeMetrics('tries_total', 'Tries, by outcome', outcomes)(registry);
    const lines = (await registry.metrics()).split('\n');
    expect(lines.filter((line) => line.startsWith('tries_'))).toEqual([
      'tries_total{outcome="succeeded"} 1',
      'tries_total{outcome="refused"} 0',
      'tries_total{outcome="failed"} 0',
    ]);
  });
});
