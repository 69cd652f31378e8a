import autocannon from 'autocannon';
import type { Effort } from '../../harness/benchmark.js';
import { startOrShare } from '../../harness/smoke-resources.js';
import { quantile } from '../../harness/statistics.js';
import { startChild } from '../../processes/child.js';
import { busyShare, currentUsage } from '../../apps/process-usage.js';

/** One load: where, for how long, over how many connections. */
export interface LoadOrder {
  readonly url: string;
  /** For how long; or `once`: until every header was sent one time. */
  readonly seconds: number | 'once';
  readonly connections: number;
}

export interface LoadReport {
  /** Answered in full, whatever the status. */
  readonly requests: number;
  readonly seconds: number;
  /** Of these with a status other than 2xx, and connections that broke. */
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How busy the load process was itself, from 0 to 1. Near 1 it measures itself. */
  readonly busy: number;
}

/** How often autocannon looks whether its time is up. */
const sampleMs = 50;

/**
 * As many requests as the server takes on these connections, each with the next of the headers.
 * Each connection has its own part of them, so that no two send the same at once.
 */
export async function fireLoad(
  headers: readonly string[],
  { url, seconds, connections }: LoadOrder,
): Promise<LoadReport> {
  const share = Math.ceil(headers.length / connections);
  const latencies: number[] = [];
  let connection = 0;
  let before = currentUsage();
  let startedMs = performance.now();
  const options: autocannon.Options = {
    url,
    connections,
    ...(seconds === 'once' ? { amount: headers.length } : { duration: seconds }),
    sampleInt: sampleMs,
    setupClient: (client) => {
      const own = headers.slice(connection * share, ++connection * share);
      client.setRequests(own.map((authorization) => ({ headers: { authorization } })));
      client.on('response', (_status, _bytes, ms) => latencies.push(ms));
    },
  };
  const { errors, non2xx } = await new Promise<autocannon.Result>((resolve, reject) => {
    const running = autocannon(options, (error, result) =>
      error ? reject(error as Error) : resolve(result),
    );
    // The requests are written out by then, and none is sent yet.
    running.on('start', () => {
      before = currentUsage();
      startedMs = performance.now();
    });
  });
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedMs) / 1000,
    failures: errors + non2xx,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    busy: busyShare(before, currentUsage()),
  };
}

/** The load tool in a process of its own. In a smoke run it has the headers of the last start. */
export interface LoadProcess extends AsyncDisposable {
  fire(order: LoadOrder): Promise<LoadReport>;
}

/** @param headers one `Authorization` header for each request, by turns */
export async function startLoad(effort: Effort, headers: readonly Buffer[]): Promise<LoadProcess> {
  const child = await startOrShare(effort, 'load', async () =>
    startChild('http/load/load-main.js', { role: 'load' }),
  );
  await child.ask(headers.map((header) => header.toString('latin1')));
  return {
    fire: (order) => child.ask<LoadReport>(order),
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
