import type { Row } from '../harness/benchmark.js';
import type { Rate } from './rates.js';

/** @param what is done, in the plural */
export const rateColumns = (what: string, against: string) => [
  { title: `${what}/s`, digits: 0, isCharted: true },
  { title: `× ${against}`, digits: 2 },
  { title: 'p50 ms', digits: 1 },
  { title: 'p99 ms', digits: 1 },
  { title: 'CPU ms', digits: 2 },
  { title: 'Postgres CPU ms', digits: 2 },
  { title: `${what}/s a core`, digits: 0, isCharted: true },
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

/** How many a second one core can do that does nothing else; `undefined` where no time was told. */
export function perCore(cpuMs: number | undefined): number | undefined {
  return cpuMs ? 1000 / cpuMs : undefined;
}

/** A line of reference: what somebody else says of their own, for one core. */
export const publishedRow = (name: string, perCore: number): Row => ({
  name,
  values: [null, null, null, null, null, null, perCore, null, null, null],
});
