import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { within } from './within.js';

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
