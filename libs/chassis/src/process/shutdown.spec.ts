import { afterEach, expect, it, vi } from 'vitest';
import { stopOnSignals } from './shutdown.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('cuts off requests after 8 s, and ends after 9.5 s whatever hangs', async () => {
  vi.useFakeTimers();
  const on = vi.spyOn(process, 'on').mockReturnValue(process);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const closeNow = vi.fn();
  const close = () => new Promise(() => undefined);
  stopOnSignals(log, { isServing: () => false, drain: vi.fn(), close, closeNow }, 0);
  const [, stop] = on.mock.calls.find(([event]) => event === 'SIGTERM') ?? [];
  stop?.('SIGTERM');
  await vi.advanceTimersByTimeAsync(7_999);
  expect(closeNow).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(closeNow).toHaveBeenCalledOnce();
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(exit).toHaveBeenCalledExactlyOnceWith(1);
});
