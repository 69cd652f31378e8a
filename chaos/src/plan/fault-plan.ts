import type { Random } from './random.js';

/** Between auth and its database. */
const DATABASE_FAULTS = [
  'postgres-killed',
  'database-paused',
  'database-cut',
  'database-delayed',
  'database-half-open',
] as const;
/** At auth, and between auth and the services. */
const AUTH_FAULTS = [
  'auth-killed',
  'auth-frozen',
  'feed-paused',
  'feed-cut',
  'feed-delayed',
  'feed-half-open',
  'issuer-cut',
  'auth-switched',
] as const;
/** At a service. */
const SERVICE_FAULTS = ['clock-ahead', 'clock-back', 'orders-killed'] as const;

/** All of them run side by side, each fault of a lane after the one before it. */
const LANES = [DATABASE_FAULTS, AUTH_FAULTS, SERVICE_FAULTS] as const;

export const FAULT_KINDS = [...DATABASE_FAULTS, ...AUTH_FAULTS, ...SERVICE_FAULTS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Something that breaks at `atMs` of the run and is mended `forMs` later. */
export interface Fault {
  readonly kind: FaultKind;
  /** Which of the processes or connections of that sort, from 0. */
  readonly target: number;
  readonly atMs: number;
  readonly forMs: number;
  /** By how much a clock is moved. */
  readonly shiftSeconds: number;
}

/** In milliseconds, from the shortest to the longest. */
export interface Pace {
  readonly faultMs: readonly [number, number];
  /** Between two faults of a lane. */
  readonly pauseMs: readonly [number, number];
}

export interface FaultPlanOptions {
  readonly pace: Pace;
  readonly durationMs: number;
  /** Storms, with nothing broken in between. */
  readonly stormMs: number;
  readonly calmMs: number;
  readonly auths: number;
  readonly services: number;
}

/** What breaks in a run, in order of time. */
export function planFaults(random: Random, options: FaultPlanOptions): Fault[] {
  const lanes = LANES.map((kinds, lane) => ({ kinds, random: random.fork(`lane ${lane}`) }));
  const faults: Fault[] = [];
  const { durationMs, stormMs, calmMs, pace } = options;
  const bags = lanes.map(({ kinds, random }) => bagOf(kinds, random));
  for (let from = 0; from < durationMs; from += stormMs + calmMs) {
    const to = Math.min(from + stormMs, durationMs);
    lanes.forEach(({ random }, lane) => {
      let at = from + random.between(200, 2_000);
      while (at < to - 500) {
        const fault = planFault(bags[lane]!(), at, to, { random, ...options });
        faults.push(fault);
        at += fault.forMs + random.between(...pace.pauseMs);
      }
    });
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}

function planFault(
  kind: FaultKind,
  atMs: number,
  endMs: number,
  { random, auths, services, pace }: FaultPlanOptions & { random: Random },
): Fault {
  const isOfService = (SERVICE_FAULTS as readonly string[]).includes(kind);
  const target = random.between(0, (isOfService ? services : auths) - 1);
  const forMs = Math.min(random.between(...pace.faultMs), endMs - atMs);
  const seconds = random.between(60, 3_600);
  const shiftSeconds = kind === 'clock-back' ? -seconds : kind === 'clock-ahead' ? seconds : 0;
  return { kind, target, atMs, forMs, shiftSeconds };
}

/** Draws each kind once before any comes again, so that a short run is a full one. */
function bagOf(kinds: readonly FaultKind[], random: Random): () => FaultKind {
  let bag: FaultKind[] = [];
  return () => {
    if (bag.length === 0) bag = random.shuffled(kinds);
    return bag.pop()!;
  };
}
