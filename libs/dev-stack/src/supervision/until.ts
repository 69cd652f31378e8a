import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every few milliseconds until the answer is not `undefined`. @returns `undefined` when time is up */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  { withinMs, everyMs = 20 }: { withinMs: number; everyMs?: number },
): Promise<T | undefined> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadlineMs) return answer;
    await sleep(everyMs);
  }
}
