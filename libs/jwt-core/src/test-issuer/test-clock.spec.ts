import { describe, expect, it } from 'vitest';
import { TestClock } from './test-clock.js';

describe('TestClock', () => {
  it('shows the time until it is set ahead or back', () => {
    const clock = new TestClock();
    const { now } = clock;
    expect(now() - Date.now()).toBeCloseTo(0, -3);
    clock.advance(3_600_000);
    clock.advance(-600_000);
    expect(now() - Date.now()).toBeCloseTo(3_000_000, -3);
  });
});
