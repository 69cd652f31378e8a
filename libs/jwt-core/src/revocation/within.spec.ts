import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { pause, within } from './within.js';

const never = new AbortController().signal;
const forEver = () => new Promise<never>(() => undefined);

describe('within', () => {
  it('returns the result of the work', async () => {
    expect(await within(60_000, never, async () => 7)).toBe(7);
  });

  it('fails as the work fails', async () => {
    const error = new Error('down');
    await expect(within(60_000, never, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('fails as work fails that throws at once', async () => {
    const work = () => {
      throw new Error('down');
    };
    await expect(within(60_000, never, work)).rejects.toThrow('down');
  });

  it('ends work that takes too long', async () => {
    const outcome = within(20, never, forEver);
    await expect(outcome).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('ends work when the signal aborts', async () => {
    const caller = new AbortController();
    const outcome = within(60_000, caller.signal, forEver);
    caller.abort();
    await expect(outcome).rejects.toMatchObject({ code: 'aborted' });
  });

  it('ends work at once when the signal has aborted before', async () => {
    const outcome = within(60_000, AbortSignal.abort(), forEver);
    await expect(outcome).rejects.toMatchObject({ code: 'aborted' });
  });

  it('passes the reason to the work, and throws it even when the work throws another error', async () => {
    const outcome = within(20, never, (signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () =>
          reject(new Error('my own', { cause: signal.reason })),
        );
      });
    });
    await expect(outcome).rejects.toMatchObject({ code: 'timed_out' });
  });

  it.each([
    ['ended', async () => 7],
    ['failed', () => Promise.reject(new Error('down'))],
    ['was left behind', forEver],
  ])('leaves no listener on the signal when the work %s', async (_, work) => {
    const { signal } = new AbortController();
    await within<number>(20, signal, work).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('pause', () => {
  it('ends after its time, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    await pause(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends when the signal aborts, before or meanwhile, and leaves no timer', async () => {
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    await pause(1e9, AbortSignal.abort());
    const caller = new AbortController();
    const pausing = pause(1e9, caller.signal);
    caller.abort();
    await pausing;
    expect(cleared).toHaveBeenCalledTimes(2);
    cleared.mockRestore();
  });

  it('keeps no process alive', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const caller = new AbortController();
    const [pausing, working] = [pause(1e9, caller.signal), within(1e9, caller.signal, forEver)];
    const refs = timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef());
    timers.mockRestore();
    caller.abort();
    await Promise.allSettled([pausing, working]);
    expect(refs).toEqual([false, false]);
  });
});
