import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { expectJudgement, interleave, type Timing } from '../harness/interleave.js';
import { loadInTurn, type ServedTiming } from '../http/served.js';
import type { StackName } from '../http/stacks/stack.js';
import { startStacks } from '../http/start-stacks.js';
import { mintTokens, receivedToken, tampered } from '../tokens/token-batch.js';
import { guardContenders } from './guard-contenders.js';
import { receivedRequest } from './received-request.js';

const efforts = {
  full: {
    inProcess: { tokens: 1_000, rounds: 100, warmUpRounds: 20, slice: 100 },
    overHttp: { tokens: 10_000, rounds: 4, seconds: 1, warmUpSeconds: 1.5, connections: 32 },
  },
  smoke: {
    inProcess: { tokens: 40, rounds: 2, warmUpRounds: 1, slice: 40 },
    overHttp: { tokens: 16, rounds: 1, seconds: 'once', warmUpSeconds: 'once', connections: 4 },
  },
} as const satisfies Record<Effort, object>;

const callsPerSample = 20;

/** In the order of the contenders in process. */
const stacks: readonly (readonly [name: string, stack: StackName])[] = [
  ['no guard', 'fastify-open'],
  ['an empty guard', 'fastify-empty-guard'],
  ['JwtGuard', 'fastify-jwt-core'],
  ["JwtStrategy behind AuthGuard('jwt')", 'fastify-jwt-strategy'],
  ['passport-jwt', 'fastify-passport-jwt'],
];

export const guard: Benchmark = {
  name: 'guard',
  question: 'What does a guard add to a request?',
  method:
    'In process: an empty handler behind each guard, asked as Nest asks it, with requests of the ' +
    `shape that Fastify's have and all strings new, 1,000 tokens; ${callsPerSample} calls are timed ` +
    'together. Over HTTP: processor time of the server process a request, Nest on Fastify, 10,000 ' +
    'tokens, loaded in turn by autocannon in another process; the difference to no guard is the ' +
    'median of pairs. In process, the caches of a processor hold little else than the guard; over ' +
    'HTTP they hold all of Nest. JwtGuard and JwtStrategy have seen the tokens before, and check ' +
    'expiry, key, revocation and freshness each time.',
  packages: ['@nestjs/core', '@nestjs/passport', 'passport', 'passport-jwt', 'fastify'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const timings = await inProcess(effort, progress);
  const { tokens, ...course } = efforts[effort].overHttp;
  await using running = await startStacks(effort, stacks, { tokens, databaseUrl: '' }, progress);
  const served = await loadInTurn(running.served, running.load, course, progress);
  const rows = timings.map(({ name, median, p99 }, index) => ({
    name,
    values: [median, p99, served[index]!.cpuMicroseconds, served[index]!.requestsPerSecond],
  }));
  return { columns, rows, aims: aims(timings, served) };
}

async function inProcess(effort: Effort, progress: Progress): Promise<Timing[]> {
  const { tokens, rounds, warmUpRounds, slice } = efforts[effort].inProcess;
  const { trust, headers } = await mintTokens(tokens, progress);
  const contenders = guardContenders(trust);
  const [open, empty, ...judging] = contenders;
  const refused = Buffer.from(`Bearer ${tampered(receivedToken(headers[0]!))}`);
  await expectJudgement(judging, {
    accepts: receivedRequest(headers[0]!),
    refuses: receivedRequest(refused),
  });
  for (const header of headers) await judging[0]!.call(receivedRequest(header));
  const inputs = (round: number) => {
    const start = ((round + warmUpRounds) * slice) % tokens;
    return headers.slice(start, start + slice).map(receivedRequest);
  };
  const course = { rounds, warmUpRounds, callsPerSample, inputs };
  return interleave([open!, empty!, ...judging], course, progress);
}

const columns = [
  { title: 'in process µs', digits: 2 },
  { title: 'p99 µs', digits: 2 },
  { title: 'CPU µs over HTTP', digits: 1 },
  { title: 'requests/s', digits: 0 },
];

const MOST_ADDED_US = 2;

function aims([, empty, own]: readonly Timing[], [, , ownServed]: readonly ServedTiming[]): Aim[] {
  const added = own!.median - empty!.median;
  return [
    {
      text: `JwtGuard adds at most ${MOST_ADDED_US} µs to an empty guard in process`,
      measured: `${added.toFixed(2)} µs; over HTTP ${ownServed!.extraCpuMicroseconds.toFixed(1)} µs to no guard`,
      isMet: added <= MOST_ADDED_US,
    },
  ];
}
