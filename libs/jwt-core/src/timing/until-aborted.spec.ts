import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { untilAborted } from './until-aborted.js';

describe('untilAborted', () => {
  const never = new Promise<never>(() => undefined);
  const aborted = (cause: unknown) => Object.assign(new Error('', { cause }), { code: 'aborted' });

  it('returns the result of the work, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal, aborted)).toBe(1);
    const failed = untilAborted(Promise.reject(new Error('no')), signal, aborted);
    await expect(failed).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects when the signal aborts, with its reason', async () => {
    const caller = new AbortController();
    const waiting = untilAborted(never, caller.signal, aborted);
    caller.abort('shutdown');
    await expect(waiting).rejects.toMatchObject({ code: 'aborted', cause: 'shutdown' });
  });

  it('rejects when the signal was aborted before', async () => {
    await expect(untilAborted(never, AbortSignal.abort(), aborted)).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
