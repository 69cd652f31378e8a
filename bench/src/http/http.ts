import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { revokedDatabase } from '../verify-again/revoked-database.js';
import { loadInTurn, type ServedTiming } from './served.js';
import { startStacks } from './start-stacks.js';
import type { StackName } from './stacks/stack.js';

const efforts = {
  full: { tokens: 10_000, rounds: 16, seconds: 1.2, warmUpSeconds: 2, connections: 32 },
  smoke: { tokens: 16, rounds: 1, seconds: 'once', warmUpSeconds: 'once', connections: 4 },
} as const satisfies Record<Effort, object>;

const contenders: readonly (readonly [name: string, stack: StackName])[] = [
  ['Fastify, no guard', 'fastify-open'],
  ['Fastify, JwtGuard', 'fastify-jwt-core'],
  ["Fastify, Nest docs' guard", 'fastify-nest-docs'],
  ['Fastify, jose guard', 'fastify-jose'],
  ['Express, express-oauth2-jwt-bearer', 'express-oauth2-jwt-bearer'],
  ['Express, passport-jwt', 'express-passport-jwt'],
  ['Express, passport-jwt, SELECT', 'express-passport-jwt-select'],
];

export const http: Benchmark = {
  name: 'http',
  question: 'How much of a route is left when it is guarded?',
  method:
    'One route of Nest, each stack in a process of its own, loaded for about a second at a time by ' +
    'autocannon in another process, over 32 connections. Each turn is paired with one of the route ' +
    'without a guard, just before or just after it: "× no guard" and "more CPU µs" are medians of ' +
    'these pairs, and the columns to compare. All get the same 10,000 tokens in the same header, the ' +
    'route without a guard too, and send the same body. Only JwtGuard and the SELECT check ' +
    'revocation. CPU is that of the server process alone, without Postgres. On Linux with two cores ' +
    'or more, servers have one core and the load another.',
  packages: [
    '@nestjs/core',
    'fastify',
    'express',
    'jose',
    '@nestjs/jwt',
    'passport-jwt',
    'express-oauth2-jwt-bearer',
    'typeorm',
    'autocannon',
  ],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { tokens, ...course } = efforts[effort];
  progress('starting Postgres');
  await using database = await revokedDatabase(effort);
  await using stacks = await startStacks(
    effort,
    contenders,
    { tokens, databaseUrl: database.url },
    progress,
  );
  const timings = await loadInTurn(stacks.served, stacks.load, course, progress);
  return { columns, rows: timings.map(row), aims: aims(timings) };
}

const columns = [
  { title: 'requests/s', digits: 0 },
  { title: '× no guard', digits: 2 },
  { title: 'p50 ms', digits: 2 },
  { title: 'p99 ms', digits: 2 },
  { title: 'CPU µs a request', digits: 1 },
  { title: 'more CPU µs', digits: 1 },
  { title: 'server busy %', digits: 0 },
  { title: 'load busy %', digits: 0 },
];
const row = (timing: ServedTiming) => ({
  name: timing.name,
  values: [
    timing.requestsPerSecond,
    timing.throughputRatio,
    timing.p50Ms,
    timing.p99Ms,
    timing.cpuMicroseconds,
    timing.extraCpuMicroseconds,
    timing.serverBusy * 100,
    timing.loadBusy * 100,
  ],
});

const LEAST_SHARE = 0.8;
const MOST_EXTRA_CPU_US = 7.9;
const LEAST_LEAD = 10;
const BUSIEST_LOAD = 0.95;

function aims(timings: readonly ServedTiming[]): Aim[] {
  const [open, own] = timings;
  const select = timings.at(-1)!;
  const lead = own!.throughputRatio / select.throughputRatio;
  const busiest = Math.max(open!.loadBusy, own!.loadBusy);
  return [
    {
      text: `at least ${LEAST_SHARE.toFixed(2)} of the requests of the route without a guard`,
      measured: own!.throughputRatio.toFixed(2),
      isMet: own!.throughputRatio >= LEAST_SHARE,
    },
    {
      text: `at most ${MOST_EXTRA_CPU_US} µs more server CPU a request`,
      measured: `${own!.extraCpuMicroseconds.toFixed(1)} µs`,
      isMet: own!.extraCpuMicroseconds <= MOST_EXTRA_CPU_US,
    },
    {
      text: `at least ${LEAST_LEAD} × the requests of passport-jwt with a SELECT`,
      measured: `${lead.toFixed(1)} ×`,
      isMet: lead >= LEAST_LEAD,
    },
    {
      text: `the load is busy for at most ${BUSIEST_LOAD * 100} % of the time`,
      measured: `${(busiest * 100).toFixed(0)} %`,
      isMet: busiest <= BUSIEST_LOAD,
    },
  ];
}
