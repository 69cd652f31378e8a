import { startDatabases } from '../apps/apps.js';
import type { Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { figuresByEntries } from './by-entries.js';
import { figuresByServices } from './by-services.js';
import { type FilledAuth, startFilledAuths } from './filled-auths.js';
import { visitorsOf } from './guarded-service.js';
import { type ListFigures, listFigures } from './list/list-figures.js';
import { scaleFindings } from './scale-findings.js';
import { type WaitingFigures, waitingFigures } from './waiting-readers.js';

const efforts = {
  full: {
    services: [1, 2, 4, 8],
    entries: [1_000, 10_000, 100_000, 1_000_000],
    course: {
      rounds: 5,
      seconds: 0.8,
      warmUpSeconds: 2,
      connections: 16,
      tokens: 200,
      revocations: 100,
      perSecond: 20,
    },
    growth: { batches: 15, entriesPerBatch: 1_000 },
    readers: [1, 500],
    wait: { seconds: 4, settleMs: 1_500 },
  },
  smoke: {
    services: [1],
    entries: [1_000],
    course: {
      rounds: 1,
      seconds: 'once',
      warmUpSeconds: 'once',
      connections: 4,
      tokens: 20,
      revocations: 5,
      perSecond: 50,
    },
    growth: { batches: 2, entriesPerBatch: 10 },
    readers: [20],
    wait: { seconds: 0.1, settleMs: 100 },
  },
} as const satisfies Record<Effort, object>;

export const scale: Benchmark = {
  name: 'scale',
  question: 'What do more services cost, and what does a longer list?',
  method:
    'A service is a Nest application on Fastify with one route behind JwtGuard, in a process of its ' +
    'own, on a real auth and Postgres. CPU is that of one service under load; reach is from the ' +
    'acknowledgement of a revocation to the 401 of the last service, as in `reach`, 20 a second. Eight ' +
    'services, auth, Postgres and the asking process share one machine, so that reach with many of ' +
    'them is also a matter of its cores. Lists of different lengths are measured by turns, each with ' +
    'an auth of its own. Load time, memory, pauses and checks are those of a process that keeps ' +
    'nothing but the list, as a service does: read over HTTP at its start, grown by 1,000 entries ten ' +
    'times a second, then pruned by half. The own pause leaves out for how long the process waited ' +
    'for a core, as Linux counts it. Memory is resident, beyond that of the process before, and ' +
    'contains what Node takes for itself. At the end readers wait at the feed of one auth process, ' +
    'and a revocation is sent to all of them: queries are all transactions in its database.',
  whyMissed:
    'With eight services twelve processes share the cores of this machine: they wait for a core, ' +
    'and for caches that others have used. Differences between rows that do not grow with ' +
    'services or entries are those of the host.',
  packages: ['@nestjs/core', 'fastify', 'pg', 'autocannon'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { services, entries, growth, readers, wait } = efforts[effort];
  const course = { ...efforts[effort].course, effort };
  progress('starting auths');
  await using databases = await startDatabases(effort);
  await using filled = await startFilledAuths(databases, entries, progress);
  const [first] = filled.all as [FilledAuth, ...FilledAuth[]];
  await using visitors = await visitorsOf(effort, first.auths.issuer, course.tokens);
  const byServices = await figuresByServices(
    first.auths.issuer,
    visitors,
    services,
    course,
    progress,
  );
  const byEntries = await figuresByEntries(filled.all, course, progress);
  const lists: ListFigures[] = [];
  for (const auth of filled.all) {
    progress(`loading a list of ${auth.entries} entries`);
    lists.push(await listFigures(auth, growth));
  }
  const waiting: WaitingFigures[] = [];
  for (const count of readers) {
    progress(`${count} readers wait`);
    waiting.push(await waitingFigures(first, visitors, count, wait));
  }
  return scaleFindings({ services, entries, readers }, { byServices, byEntries, lists, waiting });
}
