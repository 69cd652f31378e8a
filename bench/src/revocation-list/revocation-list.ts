import { randomUUID } from 'node:crypto';
import { TestIssuer } from '@jwt-auth/jwt-core/testing';
import type { Aim, Benchmark, Effort, Findings, Progress, Row } from '../harness/benchmark.js';
import { startOrShare } from '../harness/smoke-resources.js';
import { median } from '../harness/statistics.js';
import { startChild } from '../processes/child.js';
import type { ListOrder, ListReport } from './measure-list.js';
import type { RevokedIdsName } from './revoked-ids.js';

const efforts = {
  full: { sizes: [1_000, 100_000, 1_000_000], rounds: 3, warmUpLists: 3, lookUps: 500 },
  smoke: { sizes: [1_000], rounds: 1, warmUpLists: 0, lookUps: 10 },
} as const satisfies Record<Effort, object>;

const contenders: readonly RevokedIdsName[] = ['RevocationList', 'Map', 'Set'];
const hourSeconds = 3_600;

export const revocationList: Benchmark = {
  name: 'revocation-list',
  question: 'What does it cost to know every revoked token?',
  method:
    'Each list in a process of its own, which reads all entries over HTTP from an issuer, 2,000 a ' +
    'page, as a service does; it adds 500 at a time, looks up ids as new strings of which one in ten ' +
    'is there, and forgets the half that has expired. Memory is what is in use after a full ' +
    'collection. The longest pause is that of its event loop from the first page to the end of ' +
    'pruning: reading a page, adding, pruning, the collector; the own one leaves out for how long ' +
    'the process waited for a core that others had, as Linux counts it. Map and Set hold strings; a ' +
    'Set has no room for an expiry, so it only grows.',
  whyMissed:
    'The own pause is the longest of some 2,500 turns. Parsing a page and adding a part of it ' +
    'take one to two milliseconds each; in the longest turns the collector takes four to nine, ' +
    'with two cores for its threads and all else, and a part was not attributed.',
  packages: [],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { sizes, warmUpLists, lookUps } = efforts[effort];
  const rows: Row[] = [];
  let ours: readonly (number | null)[] = [];
  for (const size of sizes) {
    progress(`revoking ${size.toLocaleString('en')}`);
    const issuer = await TestIssuer.start();
    const pruneBefore = revoke(issuer, size);
    const reports = await measureInTurn(
      { issuer: issuer.issuer, pruneBefore, warmUpLists, lookUps },
      effort,
      (text) => progress(`${size.toLocaleString('en')} entries, ${text}`),
    );
    await issuer.close();
    rows.push(
      ...reports.map(({ name, values }) => ({
        name: `${name}, ${size.toLocaleString('en')}`,
        values,
      })),
    );
    ours = reports[0]!.values;
  }
  return { columns, rows, aims: aims(ours) };
}

/** Revokes that many tokens, half of which expire before the second that it gives. */
function revoke(issuer: TestIssuer, count: number): number {
  const pruneBefore = Math.ceil(Date.now() / 1000) + hourSeconds;
  issuer.revocations.add(
    Array.from({ length: count }, (_, index) => ({
      kind: 'jti' as const,
      id: randomUUID(),
      exp: index % 2 === 0 ? pruneBefore - hourSeconds / 2 : pruneBefore + hourSeconds,
    })),
  );
  return pruneBefore;
}

async function measureInTurn(
  list: Omit<ListOrder, 'contender'>,
  effort: Effort,
  progress: Progress,
): Promise<Row[]> {
  const { rounds } = efforts[effort];
  const reports = contenders.map((): ListReport[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      progress(`round ${round + 1} of ${rounds}: ${contender}`);
      reports[index]!.push(await measure({ contender, ...list }, effort));
    }
  }
  return contenders.map((name, index) => ({ name, values: medians(reports[index]!) }));
}

/** With a heap of its own for each measurement: garbage of one would slow the next one down. */
async function measure(order: ListOrder, effort: Effort): Promise<ListReport> {
  await using child = await startOrShare(effort, 'lists', async () =>
    startChild('revocation-list/list-main.js', { role: 'server', nodeOptions: ['--expose-gc'] }),
  );
  return await child.ask<ListReport>(order);
}

const columns = [
  { title: 'look-up µs', digits: 3 },
  { title: 'add µs', digits: 3 },
  { title: 'prune µs an entry', digits: 3 },
  { title: 'bytes an entry', digits: 0 },
  { title: 'longest pause ms', digits: 1 },
  { title: 'own pause ms', digits: 1 },
];

function medians(reports: readonly ListReport[]): (number | null)[] {
  const over = (value: (report: ListReport) => number | null) => {
    const values = reports.map(value).filter((each) => each !== null);
    return values.length > 0 ? median(values) : null;
  };
  return [
    over((report) => report.lookupMicroseconds),
    over((report) => report.addMicroseconds),
    over((report) => report.pruneMicroseconds),
    over((report) => report.bytesPerEntry),
    over((report) => report.pauses.longestMs),
    over((report) => report.pauses.ownMs),
  ];
}

const MOST_BYTES = 48;
const MOST_PAUSE_MS = 5;

function aims([, , , bytes, longestMs, ownMs]: readonly (number | null)[]): Aim[] {
  const pauseMs = ownMs ?? longestMs!;
  return [
    {
      text: `RevocationList takes at most ${MOST_BYTES} bytes an entry`,
      measured: `${bytes!.toFixed(0)}`,
      isMet: bytes! <= MOST_BYTES,
    },
    {
      text: `it holds the service up for at most ${MOST_PAUSE_MS} ms at a time`,
      measured: `${pauseMs.toFixed(1)} ms, and ${longestMs!.toFixed(1)} ms with waits for a core`,
      isMet: pauseMs <= MOST_PAUSE_MS,
    },
  ];
}
