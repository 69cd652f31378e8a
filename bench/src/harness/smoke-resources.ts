import type { Effort } from './benchmark.js';

const smokeResources = new Map<string, Promise<AsyncDisposable>>();

/**
 * Starts what a benchmark measures: a server, a load generator, a database.
 *
 * In full every benchmark starts its own and ends it, because nothing else may run while it measures.
 * A smoke run measures nothing, and would spend most of its time on starts of processes. There the
 * resource is started by the first benchmark that names it, and used by all others until
 * `endSmokeResources`.
 * @param name the same for the same resource, in all benchmarks
 * @returns the resource; disposing of it ends it, except in a smoke run
 */
export async function startOrShare<Resource extends AsyncDisposable>(
  effort: Effort,
  name: string,
  start: () => Promise<Resource>,
): Promise<Resource> {
  if (effort === 'full') return start();
  let started = smokeResources.get(name) as Promise<Resource> | undefined;
  if (!started) {
    started = start();
    smokeResources.set(name, started);
    started.catch(() => smokeResources.delete(name));
  }
  return { ...(await started), [Symbol.asyncDispose]: async () => undefined };
}

/** Ends what the benchmarks of a smoke run have shared, the last one first. */
export async function endSmokeResources(): Promise<void> {
  const started = [...smokeResources.values()].reverse();
  smokeResources.clear();
  for (const each of started) await (await each)[Symbol.asyncDispose]();
}
