import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { coreWaits, watchPauses } from './longest-pause.js';

function hold(ms: number): void {
  for (const startedMs = performance.now(); performance.now() - startedMs < ms;);
}

it.each([0, 1])('finds a pause that the process makes itself, looking every %i ms', async (ms) => {
  const pauses = watchPauses(ms);
  await sleep(20);
  hold(40);
  const { longestMs, ownMs } = pauses.stop();
  expect(longestMs).toBeGreaterThanOrEqual(40);
  expect(ownMs ?? 0).toBeLessThanOrEqual(longestMs);
});

it.runIf(process.platform === 'linux')('knows how long a thread waited for a core', () => {
  using waits = coreWaits()!;
  const before = waits.now();
  hold(20);
  const waitedMs = waits.now() - before;
  expect(before).toBeGreaterThan(0);
  expect(waitedMs).toBeGreaterThanOrEqual(0);
});
