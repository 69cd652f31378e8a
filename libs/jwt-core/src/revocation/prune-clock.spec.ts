import { describe, expect, it } from 'vitest';
import { PruneClock } from './prune-clock.js';

const hour = 3_600;

/** A machine whose wall clock can be set while time goes by. */
function machine() {
  const clocks = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };
  return {
    clock: new PruneClock({
      wallNow: () => clocks.wallMs,
      monotonicNow: () => clocks.monotonicMs,
    }),
    pass: (seconds: number) => {
      clocks.wallMs += seconds * 1000;
      clocks.monotonicMs += seconds * 1000;
    },
    setWallClock: (bySeconds: number) => {
      clocks.wallMs += bySeconds * 1000;
    },
  };
}

describe('PruneClock', () => {
  it('follows the wall clock while it is not set', () => {
    const { clock, pass } = machine();
    expect(clock.nowSeconds()).toBe(1_700_000_000);
    pass(90);
    expect(clock.nowSeconds()).toBe(1_700_000_090);
    expect(clock.wasSetBack()).toBe(false);
  });

  // threat:clock-manipulation
  it('does not follow a wall clock that jumps ahead', () => {
    const { clock, pass, setWallClock } = machine();
    setWallClock(hour);
    pass(10);
    expect(clock.nowSeconds()).toBe(1_700_000_010);
    expect(clock.wasSetBack()).toBe(false);
  });

  it('ignores a jump ahead and back again', () => {
    const { clock, pass, setWallClock } = machine();
    setWallClock(hour);
    pass(10);
    clock.nowSeconds();
    setWallClock(-hour);
    expect(clock.nowSeconds()).toBe(1_700_000_010);
    expect(clock.wasSetBack()).toBe(false);
  });

  it('follows a wall clock that jumps back, and reports it once', () => {
    const { clock, pass, setWallClock } = machine();
    setWallClock(-hour);
    pass(10);
    expect(clock.nowSeconds()).toBe(1_700_000_010 - hour);
    expect(clock.wasSetBack()).toBe(true);
    expect(clock.wasSetBack()).toBe(false);
  });

  it('stays behind when the wall clock returns from a jump back', () => {
    const { clock, pass, setWallClock } = machine();
    setWallClock(-hour);
    clock.nowSeconds();
    setWallClock(hour);
    pass(10);
    expect(clock.nowSeconds()).toBe(1_700_000_010 - hour);
  });

  it.each([
    [0.9, false],
    [1.1, true],
  ])('reports a step of %d seconds back: %s', (seconds, expected) => {
    const { clock, setWallClock } = machine();
    setWallClock(-seconds);
    expect(clock.wasSetBack()).toBe(expected);
  });

  it('adds up small steps back', () => {
    const { clock, setWallClock } = machine();
    const reports = [1, 2, 3, 4].map(() => {
      setWallClock(-0.3);
      return clock.wasSetBack();
    });
    expect(reports).toEqual([false, false, false, true]);
  });
});
