import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from './alarm.js';

describe('Alarm', () => {
  const ring = vi.fn();
  let alarm: Alarm;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    alarm = new Alarm(ring, () => performance.now());
  });
  afterEach(() => {
    vi.useRealTimers();
    ring.mockReset();
  });

  it('rings once, at the earliest of the times it was set to', () => {
    alarm.within(500);
    alarm.within(100);
    alarm.within(300);
    vi.advanceTimersByTime(99);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ring).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10_000);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('can be set again when it has rung, and while it rings', () => {
    ring.mockImplementationOnce(() => alarm.within(700));
    alarm.within(100);
    vi.advanceTimersByTime(799);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(ring).toHaveBeenCalledTimes(2);
  });

  it('does not ring once it is cleared, and can be set to a later time then', () => {
    alarm.within(100);
    alarm.clear();
    alarm.within(200);
    vi.advanceTimersByTime(199);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ring).toHaveBeenCalledOnce();
  });

  it('keeps no process alive', () => {
    vi.useRealTimers();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    alarm.within(60_000);
    expect((timers.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
    alarm.clear();
  });
});
