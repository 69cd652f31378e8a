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
