import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { freePort, startApp } from '@jwt-auth/dev-stack';
import { ask } from '../apps/ask.js';
import { residentMegabytes } from '../apps/process-usage.js';

export type AppName = 'auth' | 'orders';

export interface BeginningOrder {
  readonly env: Record<string, string>;
  /** How long it is left alone before its memory is read. */
  readonly idleMs: number;
  readonly loadSeconds: number;
  readonly load: {
    readonly path: string;
    readonly method: 'GET' | 'POST';
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly connections: number;
  };
}

/** The first seconds of an app. */
export interface Beginning {
  readonly readyMs: number;
  /** Resident memory, where the system reports it. */
  readonly idleMegabytes: number | undefined;
  /** The most that was seen under load. */
  readonly loadedMegabytes: number | undefined;
}

const lookEveryMs = 10;
const readyWithinMs = 60_000;
const sampleEveryMs = 50;

/** Starts an app, loads it, and ends it. @throws Error when a request of the load fails */
export async function beginning(name: AppName, order: BeginningOrder): Promise<Beginning> {
  const port = await freePort();
  const startedMs = performance.now();
  // Both are waited for: a start that fails reports why, and stops its process by itself.
  const [app, readyMs] = await Promise.all([
    startApp(name, { env: order.env, port, readyWithinMs, sourceMaps: false }),
    untilReady(`http://127.0.0.1:${port}/health/ready`, startedMs),
  ]);
  try {
    await sleep(order.idleMs);
    const idleMegabytes = residentMegabytes(app.pid);
    const loadedMegabytes = await mostUnderLoad(app.url, app.pid, order);
    return { readyMs, idleMegabytes, loadedMegabytes };
  } finally {
    await app.stop();
  }
}

async function untilReady(url: string, startedMs: number): Promise<number> {
  while (performance.now() - startedMs < readyWithinMs) {
    const isReady = await ask(url).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isReady) return performance.now() - startedMs;
    await sleep(lookEveryMs);
  }
  throw new Error(`${url} was not ready in time`);
}

async function mostUnderLoad(
  url: string,
  pid: number,
  { load: { path, ...load }, loadSeconds }: BeginningOrder,
): Promise<number | undefined> {
  const seen: number[] = [];
  const sampling = setInterval(() => {
    const megabytes = residentMegabytes(pid);
    if (megabytes !== undefined) seen.push(megabytes);
  }, sampleEveryMs);
  try {
    const { errors, non2xx } = await autocannon({
      url: url + path,
      duration: loadSeconds,
      timeout: 30,
      ...load,
    });
    if (errors + non2xx > 0) throw new Error(`${url}${path}: ${errors + non2xx} requests failed`);
  } finally {
    clearInterval(sampling);
  }
  return seen.length > 0 ? Math.max(...seen) : undefined;
}
