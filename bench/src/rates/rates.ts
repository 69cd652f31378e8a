import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, familyCpuSeconds, currentUsage } from '../apps/process-usage.js';
import type { Progress, Row } from '../harness/benchmark.js';
import { median } from '../harness/statistics.js';
import type { LoadSlice } from './auth-load.js';

/** One of those that are compared: repeats the same job for some seconds. */
export interface RateContender {
  readonly name: string;
  readonly fire: (seconds: number) => Promise<LoadSlice>;
  /** The processes that serve. None: this one does the work itself. */
  readonly auths: readonly number[];
}

export interface RateCourse {
  readonly rounds: number;
  readonly seconds: number;
  /** Before the first round, each: a process compiles what it has done often enough. */
  readonly warmUpSeconds: number;
  /** After each turn. */
  readonly pauseMs: number;
  /** Of the Postgres behind them. */
  readonly postgres: number;
}

/** The medians of the rounds. */
export interface Rate {
  readonly name: string;
  readonly perSecond: number;
  /** How many times the rate of the first contender in the same round. */
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /**
   * Processor time for one, in milliseconds, where the system reports it: of the processes that serve,
   * or of this one if there are none.
   */
  readonly cpuMs: number | undefined;
  readonly postgresCpuMs: number | undefined;
  /** What this process needed for one to ask for it. `undefined`: it does the work itself. */
  readonly loadCpuMs: number | undefined;
  /** The share of the machine's processor time that was idle, from 0 to 1. */
  readonly idle: number;
}

type Turn = Omit<Rate, 'name' | 'ratio'>;

/** Until requests that were under way at the end of a turn have ended, so that the next turn has none. */
export const pauseMs = 400;

/** Lets contenders take turns, so that other work of the machine affects all of them. */
export async function rates(
  contenders: readonly RateContender[],
  course: RateCourse,
  progress: Progress,
): Promise<Rate[]> {
  const turns = contenders.map((): Turn[] => []);
  for (const contender of contenders) {
    progress(`warming up: ${contender.name}`);
    await takeTurn(contender, { ...course, seconds: course.warmUpSeconds });
  }
  for (let round = 0; round < course.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round) % contenders.length;
      progress(`round ${round + 1} of ${course.rounds}: ${contenders[index]!.name}`);
      turns[index]!.push(await takeTurn(contenders[index]!, course));
    }
  }
  return contenders.map(({ name }, index) => summary(name, turns[index]!, turns[0]!));
}

async function takeTurn({ fire, auths }: RateContender, course: RateCourse): Promise<Turn> {
  const isServed = auths.length > 0;
  const used = () => {
    const own = currentUsage();
    return {
      own,
      work: isServed ? sum(auths.map(cpuSeconds)) : own.cpuMicroseconds / 1e6,
      postgres: isServed ? familyCpuSeconds(course.postgres) : undefined,
    };
  };
  const before = used();
  const machineBefore = machineTime();
  const slice = await fire(course.seconds);
  const machine = machineTime();
  const { own } = used();
  await sleep(course.pauseMs);
  const after = used();
  const perCall = (start: number | undefined, end: number | undefined) =>
    start === undefined || end === undefined ? undefined : ((end - start) * 1000) / slice.sent;
  return {
    perSecond: slice.answered / slice.seconds,
    p50Ms: slice.p50Ms,
    p99Ms: slice.p99Ms,
    cpuMs: perCall(before.work, after.work),
    postgresCpuMs: perCall(before.postgres, after.postgres),
    loadCpuMs: isServed
      ? (own.cpuMicroseconds - before.own.cpuMicroseconds) / 1000 / slice.sent
      : undefined,
    idle: (machine.idle - machineBefore.idle) / (machine.all - machineBefore.all),
  };
}

function summary(name: string, turns: readonly Turn[], first: readonly Turn[]): Rate {
  const over = (value: (turn: Turn) => number) => median(turns.map(value));
  const overKnown = (value: (turn: Turn) => number | undefined) => {
    const known = turns.map(value).filter((each) => each !== undefined);
    return known.length > 0 ? median(known) : undefined;
  };
  return {
    name,
    perSecond: over((turn) => turn.perSecond),
    ratio: median(turns.map((turn, round) => turn.perSecond / first[round]!.perSecond)),
    p50Ms: over((turn) => turn.p50Ms),
    p99Ms: over((turn) => turn.p99Ms),
    cpuMs: overKnown((turn) => turn.cpuMs),
    postgresCpuMs: overKnown((turn) => turn.postgresCpuMs),
    loadCpuMs: overKnown((turn) => turn.loadCpuMs),
    idle: over((turn) => turn.idle),
  };
}

/** Milliseconds of all cores since the machine was started. */
function machineTime(): { readonly idle: number; readonly all: number } {
  const times = cpus().map(({ times: core }) => core);
  return {
    idle: times.reduce((total, { idle }) => total + idle, 0),
    all: times.flatMap((core) => Object.values(core)).reduce((total, each) => total + each, 0),
  };
}

/** `undefined` when one of them is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (all, value) => (all === undefined || value === undefined ? undefined : all + value),
    0,
  );
}

/** @param what is done, in the plural */
export const rateColumns = (what: string, against: string) => [
  { title: `${what}/s`, digits: 0 },
  { title: `× ${against}`, digits: 2 },
  { title: 'p50 ms', digits: 1 },
  { title: 'p99 ms', digits: 1 },
  { title: 'CPU ms', digits: 2 },
  { title: 'Postgres CPU ms', digits: 2 },
  { title: `${what}/s a core`, digits: 0 },
  { title: 'with Postgres', digits: 0 },
  { title: 'load CPU ms', digits: 2 },
  { title: 'idle %', digits: 0 },
];

export function rateRow(rate: Rate): Row {
  const { cpuMs, postgresCpuMs } = rate;
  const bothMs = cpuMs && postgresCpuMs ? cpuMs + postgresCpuMs : undefined;
  return {
    name: rate.name,
    values: [
      rate.perSecond,
      rate.ratio,
      rate.p50Ms,
      rate.p99Ms,
      cpuMs || null,
      postgresCpuMs || null,
      perCore(cpuMs) ?? null,
      perCore(bothMs) ?? null,
      rate.loadCpuMs ?? null,
      rate.idle * 100,
    ],
  };
}

/** How many a second one core can do that does nothing else; `undefined` without a measured time. */
export function perCore(cpuMs: number | undefined): number | undefined {
  return cpuMs ? 1000 / cpuMs : undefined;
}

/** A row to compare with: a number that another project publishes, for one core. */
export const publishedRow = (name: string, perCore: number): Row => ({
  name,
  values: [null, null, null, null, null, null, perCore, null, null, null],
});
