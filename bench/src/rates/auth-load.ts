import autocannon, { type Request } from 'autocannon';
import { quantile } from '../harness/statistics.js';

/** What a load came to. */
export interface LoadSlice {
  /** Answered with 200. */
  readonly answered: number;
  /** These and those that were still under way at the end: the server worked for them as well. */
  readonly sent: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Requests of one connection, one after another, to one server. */
export interface Caller {
  readonly url: string;
  readonly requests: readonly Request[];
}

/** How often autocannon looks whether its time is up. */
const sampleMs = 50;

/**
 * Lets callers call for some seconds, each as soon as it was answered.
 *
 * @throws Error when a call fails: a refusal is faster than what is measured
 */
export async function fire(callers: readonly Caller[], seconds: number): Promise<LoadSlice> {
  const servers = [...new Set(callers.map(({ url }) => url))];
  const latencies: number[] = [];
  const startedMs = performance.now();
  const results = await Promise.all(
    servers.map((url) => {
      const own = callers.filter((caller) => caller.url === url);
      return fireAt(url, own, seconds, latencies);
    }),
  );
  const failed = results.reduce((sum, { errors, non2xx }) => sum + errors + non2xx, 0);
  if (failed > 0) throw new Error(`${failed} calls failed`);
  // Too short for this machine at this moment. In the end a call takes too long, and fails.
  if (latencies.length === 0) return fire(callers, seconds * 2);
  return {
    answered: latencies.length,
    sent: results.reduce((sum, { requests }) => sum + requests.sent, 0),
    seconds: (performance.now() - startedMs) / 1000,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

function fireAt(url: string, callers: readonly Caller[], seconds: number, latencies: number[]) {
  let connection = 0;
  return autocannon({
    url,
    connections: callers.length,
    duration: seconds,
    timeout: 30,
    sampleInt: sampleMs,
    setupClient: (client) => {
      client.setRequests([...callers[connection++]!.requests]);
      client.on('response', (_status, _bytes, ms) => latencies.push(ms));
    },
  });
}
