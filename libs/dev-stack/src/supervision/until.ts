import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks every few milliseconds until the answer is neither `undefined` nor `false`.
 *
 * @returns the last answer: `undefined` or `false` when time is up
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  { withinMs, everyMs = 20 }: { withinMs: number; everyMs?: number },
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    const isFound = answer !== undefined && answer !== false;
    if (isFound || performance.now() > deadlineMs) return answer;
    await sleep(everyMs);
  }
}
