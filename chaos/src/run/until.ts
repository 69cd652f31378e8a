import { setTimeout as sleep } from 'node:timers/promises';

/** Whether something comes true in time. */
export async function until(
  ask: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await ask())) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}
