import type { Progress } from '../harness/benchmark.js';
import { median } from '../harness/statistics.js';
import type { LoadOrder } from './load/load.js';
import type { LoadProcess } from './load/load-process.js';
import type { ServerProcess } from './server/server-process.js';

/** A server that takes its turn under load. */
export interface Served {
  readonly name: string;
  /** It knows a token again, so that warm-up shows it each of them. */
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

/** What a server made of its turns: the medians of the rounds. */
export interface ServedTiming {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process a request. */
  readonly cpuMicroseconds: number;
  /** How many times the requests of the first server in the same round. */
  readonly throughputRatio: number;
  /** Processor time a request beyond that of the first server in the same round. */
  readonly extraCpuMicroseconds: number;
  /** How busy the event loops of both sides were, from 0 to 1. */
  readonly serverBusy: number;
  readonly loadBusy: number;
}

type Turn = Pick<
  ServedTiming,
  'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicroseconds' | 'serverBusy' | 'loadBusy'
>;

/**
 * Loads servers in turn, one or two seconds at a time, so that whatever else the machine does falls
 * on all of them.
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
  const turns = served.map((): Turn[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < served.length; turn++) {
      const index = (turn + round) % served.length;
      progress(`round ${round + 1} of ${rounds}: ${served[index]!.name}`);
      turns[index]!.push(await takeTurn(served[index]!, load, seconds, connections));
    }
  }
  return served.map(({ name }, index) => summary(name, turns[index]!, turns[0]!));
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

function summary(name: string, turns: readonly Turn[], first: readonly Turn[]): ServedTiming {
  const over = (value: (turn: Turn, round: number) => number) => median(turns.map(value));
  return {
    name,
    requestsPerSecond: over((turn) => turn.requestsPerSecond),
    p50Ms: over((turn) => turn.p50Ms),
    p99Ms: over((turn) => turn.p99Ms),
    cpuMicroseconds: over((turn) => turn.cpuMicroseconds),
    throughputRatio: over(
      (turn, round) => turn.requestsPerSecond / first[round]!.requestsPerSecond,
    ),
    extraCpuMicroseconds: over(
      (turn, round) => turn.cpuMicroseconds - first[round]!.cpuMicroseconds,
    ),
    serverBusy: over((turn) => turn.serverBusy),
    loadBusy: over((turn) => turn.loadBusy),
  };
}
