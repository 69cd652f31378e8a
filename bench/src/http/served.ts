import type { Progress } from '../harness/benchmark.js';
import { median } from '../harness/statistics.js';
import type { LoadOrder, LoadProcess } from './load/load.js';
import type { ServerProcess } from './server/server-process.js';

/** A server that takes its turn under load. */
export interface Served {
  readonly name: string;
  /** It remembers tokens, so the warm-up sends it each of them once. */
  readonly remembers: boolean;
  readonly server: ServerProcess;
}

export interface LoadCourse {
  readonly rounds: number;
  /** How long each server is loaded in a round. */
  readonly seconds: LoadOrder['seconds'];
  /** The same before the first round. */
  readonly warmUpSeconds: LoadOrder['seconds'];
  readonly connections: number;
}

/** The medians of a server's turns. */
export interface ServedTiming {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process a request. */
  readonly cpuMicroseconds: number;
  /** How many times the requests of the first server in the same pair. */
  readonly throughputRatio: number;
  /** Processor time a request beyond that of the first server in the same pair. */
  readonly extraCpuMicroseconds: number;
  /** How busy the event loops of both sides were, from 0 to 1. */
  readonly serverBusy: number;
  readonly loadBusy: number;
}

type Turn = Pick<
  ServedTiming,
  'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicroseconds' | 'serverBusy' | 'loadBusy'
>;

/** A turn, and the turn of the first server next to it. */
interface Pair {
  readonly base: Turn;
  readonly own: Turn;
}

/**
 * Loads servers in turn, about a second at a time. Each turn is paired with one of the first server
 * just before or just after it, in alternating order: a machine that gets slower or faster during a
 * round affects both of a pair, and the median of pairs ignores the pair in which it changed.
 *
 * @throws Error when any request fails: an error page is served faster than an answer
 */
export async function loadInTurn(
  served: readonly Served[],
  load: LoadProcess,
  { rounds, seconds, warmUpSeconds, connections }: LoadCourse,
  progress: Progress,
): Promise<ServedTiming[]> {
  for (const each of served) {
    progress(`warming up: ${each.name}`);
    if (each.remembers) await takeTurn(each, load, 'once', connections);
    await takeTurn(each, load, warmUpSeconds, connections);
  }
  const [first, ...others] = served;
  const pairs = others.map((): Pair[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < others.length; turn++) {
      const index = (turn + round) % others.length;
      progress(`round ${round + 1} of ${rounds}: ${others[index]!.name}`);
      const order = round % 2 === 0 ? [first!, others[index]!] : [others[index]!, first!];
      const [one, two] = [
        await takeTurn(order[0]!, load, seconds, connections),
        await takeTurn(order[1]!, load, seconds, connections),
      ];
      pairs[index]!.push(round % 2 === 0 ? { base: one, own: two } : { base: two, own: one });
    }
  }
  const bases = pairs.flat().map(({ base }) => ({ base, own: base }));
  return [
    summary(first!.name, bases),
    ...others.map(({ name }, index) => summary(name, pairs[index]!)),
  ];
}

async function takeTurn(
  { name, server }: Served,
  load: LoadProcess,
  seconds: LoadOrder['seconds'],
  connections: number,
): Promise<Turn> {
  const before = await server.usage();
  const report = await load.fire({ url: server.url, seconds, connections });
  const after = await server.usage();
  if (report.failures > 0) throw new Error(`${name}: ${report.failures} requests failed`);
  return {
    requestsPerSecond: report.requests / report.seconds,
    p50Ms: report.p50Ms,
    p99Ms: report.p99Ms,
    cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / report.requests,
    serverBusy: (after.busyMs - before.busyMs) / (report.seconds * 1000),
    loadBusy: report.busy,
  };
}

function summary(name: string, pairs: readonly Pair[]): ServedTiming {
  const over = (value: (own: Turn, base: Turn) => number) =>
    median(pairs.map(({ own, base }) => value(own, base)));
  return {
    name,
    requestsPerSecond: over((turn) => turn.requestsPerSecond),
    p50Ms: over((turn) => turn.p50Ms),
    p99Ms: over((turn) => turn.p99Ms),
    cpuMicroseconds: over((turn) => turn.cpuMicroseconds),
    throughputRatio: over((turn, base) => turn.requestsPerSecond / base.requestsPerSecond),
    extraCpuMicroseconds: over((turn, base) => turn.cpuMicroseconds - base.cpuMicroseconds),
    serverBusy: over((turn) => turn.serverBusy),
    loadBusy: over((turn) => turn.loadBusy),
  };
}
