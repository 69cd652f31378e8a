import type { Effort } from './benchmark.js';

const ofThisRun = new Map<string, Promise<AsyncDisposable>>();

/**
 * What a benchmark needs and another one could use as well. In full each has its own, which ends with
 * it: nothing else may run while it measures. In a smoke run all of them share the first of that name,
 * until `endShared`: most of such a run would be the starts of processes.
 */
export async function shared<Resource extends AsyncDisposable>(
  effort: Effort,
  name: string,
  start: () => Promise<Resource>,
): Promise<Resource> {
  if (effort === 'full') return start();
  let started = ofThisRun.get(name) as Promise<Resource> | undefined;
  if (!started) {
    started = start();
    ofThisRun.set(name, started);
    started.catch(() => ofThisRun.delete(name));
  }
  return { ...(await started), [Symbol.asyncDispose]: async () => undefined };
}

/** Ends what was shared, the last one first. */
export async function endShared(): Promise<void> {
  const started = [...ofThisRun.values()].reverse();
  ofThisRun.clear();
  for (const each of started) await (await each)[Symbol.asyncDispose]();
}
