import { describe, expect, it } from 'vitest';
import { FeedOutage } from './feed-outage.js';

const failTimes = (count: number) => {
  const outage = new FeedOutage(() => 0, undefined);
  return Array.from({ length: count }, () => outage.noteFailure(new Error('down')));
};

describe('FeedOutage', () => {
  it('is on from the first failure to the next answer', () => {
    const outage = new FeedOutage(() => 0, undefined);
    expect(outage.isOn).toBe(false);
    outage.noteFailure(new Error('down'));
    outage.noteFailure(new Error('down'));
    expect(outage.isOn).toBe(true);
    outage.noteAnswer();
    expect(outage.isOn).toBe(false);
  });

  it('returns longer and longer pauses, up to a second', () => {
    const upTo = [200, 400, 800, 1_000, 1_000, 1_000];
    for (const [index, pauseMs] of failTimes(6).entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(upTo[index]! / 2);
      expect(pauseMs).toBeLessThanOrEqual(upTo[index]!);
    }
    expect(failTimes(2_000).at(-1)).toBeLessThanOrEqual(1_000);
  });

  it('begins with a short pause again after an answer', () => {
    const outage = new FeedOutage(() => 0, undefined);
    for (let time = 0; time < 5; time++) outage.noteFailure(new Error('down'));
    outage.noteAnswer();
    expect(outage.noteFailure(new Error('down'))).toBeLessThanOrEqual(200);
  });

  it('returns another pause for each service', () => {
    const pauses = new Set(Array.from({ length: 20 }, () => failTimes(5)[4]));
    expect(pauses.size).toBeGreaterThan(10);
  });
});
