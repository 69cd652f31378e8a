import { describe, expect, it } from 'vitest';
import { expectJudgement, interleave } from './interleave.js';

const silent = () => undefined;

describe('interleave', () => {
  it('gives each contender the inputs of each round once, in changing order', async () => {
    const calls: string[] = [];
    const contender = (name: string) => ({
      name,
      call: (input: string) => calls.push(name + input),
    });
    await interleave(
      [contender('a'), contender('b')],
      { rounds: 2, warmUpRounds: 1, callsPerSample: 1, inputs: (round) => [`${round}`] },
      silent,
    );
    expect(calls).toEqual(['a-1', 'b-1', 'b0', 'a0', 'a1', 'b1']);
  });

  it('waits for a promise, and counts one call where several are timed together', async () => {
    const course = { rounds: 5, warmUpRounds: 0, callsPerSample: 4, inputs: () => [1, 1, 1, 1] };
    const busy = (ms: number) => () => {
      for (const until = performance.now() + ms; performance.now() < until;);
    };
    const later = { name: 'later', call: () => Promise.resolve().then(busy(2)) };
    const [first, second] = await interleave(
      [{ name: 'now', call: busy(1) }, later],
      course,
      silent,
    );
    expect(first!.ratio).toBe(1);
    expect(first!.median).toBeGreaterThanOrEqual(1000);
    expect(second!.median).toBeGreaterThanOrEqual(2000);
    expect(second!.p99).toBeGreaterThanOrEqual(second!.median);
  });
});

describe('expectJudgement', () => {
  const inputs = { accepts: 'good', refuses: 'bad' };
  const throws = { name: 'throws', call: (input: string) => input === 'bad' && fail() };
  const rejects = { name: 'rejects', call: async (input: string) => input === 'bad' && fail() };
  const fail = () => {
    throw new Error('no');
  };

  it('accepts a contender that throws or rejects', async () => {
    await expect(expectJudgement([throws, rejects], inputs)).resolves.toBeUndefined();
  });

  it('names a contender that accepts everything, and fails with the error of one that accepts nothing', async () => {
    const credulous = { name: 'credulous', call: () => true };
    await expect(expectJudgement([throws, credulous], inputs)).rejects.toThrow('credulous');
    await expect(expectJudgement([{ name: 'x', call: fail }], inputs)).rejects.toThrow('no');
  });
});
