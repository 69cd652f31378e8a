import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second on every machine. */
const ticksPerSecond = 100;

/** What the kernel says of a process, from the fields behind its name. */
interface ProcessStat {
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that have ended. */
  readonly childTicks: number;
}

/**
 * Seconds of processor time that a process has used, with all its threads; `undefined` where there
 * is no `/proc`.
 */
export function cpuSeconds(pid: number): number | undefined {
  const stat = readStat(pid);
  return stat && stat.ownTicks / ticksPerSecond;
}

/** The same with the process's children, also the ended ones: a whole Postgres server. */
export function familyCpuSeconds(pid: number): number | undefined {
  const head = readStat(pid);
  if (!head) return undefined;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parent === pid);
  const ticks = children.reduce((sum, child) => sum + (child?.ownTicks ?? 0), 0);
  return (head.ownTicks + head.childTicks + ticks) / ticksPerSecond;
}

/** Megabytes of a process that are in memory now; `undefined` where there is no `/proc`. */
export function residentMegabytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  // The name, in brackets, may hold anything at all.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0, , , , , , , , , , user = 0, system = 0, childUser = 0, childSystem = 0] =
    fields;
  return { parent, ownTicks: user + system, childTicks: childUser + childSystem };
}

/** `undefined` for a process that has ended, and on systems that have no such files. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** What a process has used up since it began. */
export interface Usage {
  /** Processor time of all its threads, in its own code and in the system's for it. */
  readonly cpuMicroseconds: number;
  /** How long its event loop was busy, and how long it waited for something to do. */
  readonly busyMs: number;
  readonly idleMs: number;
}

export function currentUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const { active, idle } = performance.eventLoopUtilization();
  return { cpuMicroseconds: user + system, busyMs: active, idleMs: idle };
}

/** From 0 to 1: the share of the time between two moments in which an event loop was busy. */
export function busyShare(before: Usage, after: Usage): number {
  const busy = after.busyMs - before.busyMs;
  return busy / (busy + after.idleMs - before.idleMs);
}
