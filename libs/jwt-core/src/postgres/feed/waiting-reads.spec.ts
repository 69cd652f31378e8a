import { expect, it } from 'vitest';
import { WaitingReads } from './waiting-reads.js';

it('ends when the time is over', async () => {
  const reads = new WaitingReads(10);
  const startedAt = performance.now();
  const wait = reads.wait(50, undefined);
  expect(reads.size).toBe(1);
  expect(await wait).toBe('over');
  expect(performance.now() - startedAt).toBeGreaterThan(45);
  expect(reads.size).toBe(0);
});

it('ends for all when they are woken', async () => {
  const reads = new WaitingReads(10);
  const signal = new AbortController().signal;
  const waits = [reads.wait(60_000, undefined), reads.wait(60_000, signal)];
  expect(reads.size).toBe(2);
  reads.wakeAll('news');
  expect(await Promise.all(waits)).toEqual(['news', 'news']);
  expect(reads.size).toBe(0);
});

it('ends for one that is aborted, and continues for the others', async () => {
  const reads = new WaitingReads(10);
  const caller = new AbortController();
  const gone = reads.wait(60_000, caller.signal);
  const other = reads.wait(60_000, undefined);
  caller.abort('gone');
  await expect(gone).rejects.toMatchObject({ code: 'aborted', cause: 'gone' });
  expect(reads.size).toBe(1);
  reads.wakeAll('over');
  expect(await other).toBe('over');
});

it('does not begin for one that was aborted before', async () => {
  const reads = new WaitingReads(10);
  const wait = reads.wait(60_000, AbortSignal.abort('gone'));
  await expect(wait).rejects.toMatchObject({ code: 'aborted' });
  expect(reads.size).toBe(0);
});
