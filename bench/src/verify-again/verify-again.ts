import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { expectJudgement, interleave, type Timing } from '../harness/interleave.js';
import { mintTokens, receivedToken, tampered } from '../tokens/token-batch.js';
import { jose, jsonwebtokenWithKeyObject, ours } from '../verify-first/verifiers.js';
import { fastJwtCache, pgSelect, typeormSelect } from './remembering.js';
import { revokedDatabase } from './revoked-database.js';

const callsPerSample = 20;
const efforts = {
  full: { tokens: 1_000, rounds: 100, warmUpRounds: 20, slice: 100 },
  smoke: { tokens: 40, rounds: 2, warmUpRounds: 1, slice: 40 },
};

export const verifyAgain: Benchmark = {
  name: 'verify-again',
  question: 'What does it cost to verify a token that was verified before?',
  method:
    '1,000 tokens that every contender has verified already, each time as a new string, as an HTTP ' +
    `parser makes it; ${callsPerSample} calls are timed together, so that a p99 is one of such ` +
    'groups. jwt-core also checks expiry, key, revocation and freshness each time. fast-jwt and the ' +
    'libraries without a cache check no revocation; the SELECTs check nothing else.',
  whyMissed:
    'It takes 0.3 to 0.6 µs when nothing else uses the caches of the processor. Here five others run ' +
    'between its turns, two of them with a database client, so each remembered token must be read ' +
    'from main memory again.',
  packages: ['fast-jwt', 'jsonwebtoken', 'jose', 'pg', 'typeorm'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { tokens, slice, rounds, warmUpRounds } = efforts[effort];
  const { trust, headers } = await mintTokens(tokens, progress);
  progress('starting Postgres');
  await using database = await revokedDatabase(effort);
  await using byPg = pgSelect(database.url);
  await using byTypeorm = await typeormSelect(database.url);
  const verifiers = [
    ours(trust),
    fastJwtCache(trust),
    jsonwebtokenWithKeyObject(trust),
    await jose(trust),
  ];
  const [first] = headers.map(receivedToken);
  await expectJudgement(verifiers, { accepts: first!, refuses: tampered(first!) });
  for (const { call } of verifiers) for (const header of headers) await call(receivedToken(header));
  const inputs = (round: number) => {
    const start = ((round + warmUpRounds) * slice) % tokens;
    return headers.slice(start, start + slice).map(receivedToken);
  };
  const course = { rounds, warmUpRounds, callsPerSample, inputs };
  const timings = await interleave([...verifiers, byPg, byTypeorm], course, progress);
  return { columns, rows: timings.map(row), aims: aims(timings) };
}

const columns = [
  { title: 'median µs', digits: 2 },
  { title: 'p99 µs', digits: 2 },
  { title: '× jwt-core', digits: 1 },
];
const row = ({ name, median, p99, ratio }: Timing) => ({ name, values: [median, p99, ratio] });

const MOST_US = 1;
const LEAST_LEAD = 4;

function aims([own, fastJwt]: readonly Timing[]): Aim[] {
  return [
    {
      text: `at most ${MOST_US} µs`,
      measured: `${own!.median.toFixed(2)} µs`,
      isMet: own!.median <= MOST_US,
    },
    {
      text: `at least ${LEAST_LEAD} × as fast as fast-jwt's cache`,
      measured: `${fastJwt!.ratio.toFixed(1)} ×`,
      isMet: fastJwt!.ratio >= LEAST_LEAD,
    },
  ];
}
