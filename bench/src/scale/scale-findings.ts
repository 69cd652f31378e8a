import type { Aim, Findings, Row } from '../harness/benchmark.js';
import { REACH_P99_MS } from '../reach/reach.js';
import type { LongestPauses } from '../revocation-list/longest-pause.js';
import type { ServiceFigures } from './by-services.js';
import type { ListFigures } from './list/list-figures.js';
import type { WaitingFigures } from './waiting-readers.js';

interface Sizes {
  readonly services: readonly number[];
  readonly entries: readonly number[];
  readonly readers: readonly number[];
}

interface Figures {
  readonly byServices: readonly ServiceFigures[];
  readonly byEntries: readonly ServiceFigures[];
  readonly lists: readonly ListFigures[];
  readonly waiting: readonly WaitingFigures[];
}

const FLAT_WITHIN = 1.2;
const LOAD_S = 12;
const MORE_MB = 120;
const PAUSE_MS = 20;
const CHECK_US = 1;
/** As many as auth's own queries differ from one measurement to the next. */
const MORE_QUERIES_PER_SECOND = 5;

const columns = [
  { title: 'CPU µs a request', digits: 1 },
  { title: 'reach p50 ms', digits: 1 },
  { title: 'reach p99 ms', digits: 1 },
  { title: 'load s', digits: 2 },
  { title: 'worst pause ms', digits: 1 },
  { title: 'own pause ms', digits: 1 },
  { title: 'MB more', digits: 0 },
  { title: 'peak MB more', digits: 0 },
  { title: 'check µs', digits: 2 },
  { title: 'queries/s', digits: 1 },
];

export function scaleFindings(sizes: Sizes, figures: Figures): Findings {
  const { byServices, byEntries, lists, waiting } = figures;
  const rows = [
    ...byServices.map((each, index) =>
      row(`${sizes.services[index]} ${sizes.services[index] === 1 ? 'service' : 'services'}`, each),
    ),
    ...byEntries.map((each, index) => row(entriesName(sizes.entries[index]!), each, lists[index])),
    ...waiting.map((each, index) => waitingRow(sizes.readers[index]!, each)),
  ];
  return { columns, rows, aims: aims(sizes, figures) };
}

const entriesName = (entries: number) => `${entries.toLocaleString('en-US')} entries`;

function row(name: string, service: ServiceFigures, list?: ListFigures): Row {
  const { cpuMicroseconds, reachP50Ms, reachP99Ms } = service;
  const ofList = list && [
    list.loadSeconds,
    Math.max(...list.pauses.map(({ longestMs }) => longestMs)),
    aboveZero(Math.max(...list.pauses.map(({ ownMs }) => ownMs ?? 0))),
    aboveZero(list.moreMegabytes),
    aboveZero(list.peakMegabytes),
    list.checkMicroseconds,
  ];
  const none = [null, null, null, null, null, null];
  return { name, values: [cpuMicroseconds, reachP50Ms, reachP99Ms, ...(ofList ?? none), null] };
}

function waitingRow(readers: number, { queriesPerSecond, p50Ms, p99Ms }: WaitingFigures): Row {
  const none = [null, null, null, null, null, null];
  const reach = [aboveZero(p50Ms), aboveZero(p99Ms)];
  const name = readers === 1 ? '1 reader waits' : `${readers} readers wait`;
  return { name, values: [null, ...reach, ...none, aboveZero(queriesPerSecond)] };
}

/** Zero or less is left out. */
const aboveZero = (value: number) => (value > 0 ? value : null);

function aims(sizes: Sizes, { byServices, byEntries, lists, waiting }: Figures): Aim[] {
  const worstReach = Math.max(...[...byServices, ...byEntries].map((each) => each.reachP99Ms));
  const longest = lists.at(-1)!;
  const name = entriesName(sizes.entries.at(-1)!);
  const queries = waiting.map(({ queriesPerSecond }) => queriesPerSecond);
  const more = queries.at(-1)! - queries[0]!;
  return [
    flat('CPU a request, by services', byServices),
    flat('CPU a request, by entries', byEntries),
    atMost('reach p99 in every row', worstReach, REACH_P99_MS, 'ms'),
    atMost(`${name} loaded`, longest.loadSeconds, LOAD_S, 's'),
    atMost(`${name}: peak memory more`, longest.peakMegabytes, MORE_MB, 'MB'),
    pause(`${name}: worst own pause while loaded`, longest.pauses[0]!),
    pause(`${name}: worst own pause while added`, longest.pauses[1]!),
    pause(`${name}: worst own pause while pruned`, longest.pauses[2]!),
    atMost(`${name}: a check`, longest.checkMicroseconds, CHECK_US, 'µs'),
    atMost(
      `${sizes.readers.at(-1)} readers: queries more than for ${sizes.readers[0]}`,
      more,
      MORE_QUERIES_PER_SECOND,
      'a second',
    ),
  ];
}

function flat(what: string, figures: readonly ServiceFigures[]): Aim {
  const cpu = figures.map(({ cpuMicroseconds }) => cpuMicroseconds);
  const spread = Math.max(...cpu) / Math.min(...cpu);
  return {
    text: `${what}: the most at most ${FLAT_WITHIN} × the least`,
    measured: `${spread.toFixed(2)} ×`,
    isMet: spread <= FLAT_WITHIN,
  };
}

function atMost(text: string, value: number, most: number, unit: string): Aim {
  return {
    text: `${text}: at most ${most} ${unit}`,
    measured: `${value.toFixed(2)} ${unit}`,
    isMet: value <= most,
  };
}

/** Without the waits for a core that other processes had; with them where the system counts none. */
function pause(text: string, { ownMs, longestMs }: LongestPauses): Aim {
  const aim = atMost(text, ownMs ?? longestMs, PAUSE_MS, 'ms');
  return { ...aim, measured: `${aim.measured}, ${longestMs.toFixed(2)} ms with waits for a core` };
}
