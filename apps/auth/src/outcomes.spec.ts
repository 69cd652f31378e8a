import { describe, expect, it } from 'vitest';

import { Outcomes } from './outcomes.js';

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
});
