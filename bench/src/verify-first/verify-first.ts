import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { type Contender, expectJudgement, interleave, type Timing } from '../harness/interleave.js';
import { mintTokens, receivedToken, tampered } from '../tokens/token-batch.js';
import { floor, type SplitToken, splitToken } from './floor.js';
import {
  awsJwtVerify,
  fastJwt,
  jose,
  jsonwebtokenWithKeyObject,
  jsonwebtokenWithPem,
  nestJwt,
  ours,
} from './verifiers.js';

// In full, enough warm-up for V8 to have compiled what is measured.
const efforts = {
  full: { tokens: 10_000, rounds: 200, warmUpRounds: 100 },
  smoke: { tokens: 40, rounds: 2, warmUpRounds: 2 },
};

export const verifyFirst: Benchmark = {
  name: 'verify-first',
  question: 'What does it cost to verify a token that was never seen before?',
  method:
    'RS256, 2048 bits, 10,000 distinct tokens, each verified once by each contender, which all check ' +
    'issuer, audience and expiry. Only jwt-core also refuses duplicate members and non-canonical ' +
    'base64url, checks the types of all claims of RFC 9068, and looks into its revocation list, ' +
    'which holds 1,000 entries. The floor is crypto.verify alone, on bytes that are ready.',
  packages: ['jose', 'jsonwebtoken', '@nestjs/jwt', 'fast-jwt', 'aws-jwt-verify'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { tokens, rounds, warmUpRounds } = efforts[effort];
  const slice = tokens / rounds;
  // Warm-up gets other tokens, or the first rounds would find theirs remembered.
  const { trust, headers } = await mintTokens(tokens + slice * warmUpRounds + 1, progress);
  const verifiers = [
    ours(trust),
    fastJwt(trust),
    awsJwtVerify(trust),
    jsonwebtokenWithKeyObject(trust),
    jsonwebtokenWithPem(trust),
    nestJwt(trust),
    await jose(trust),
  ];
  const contenders = [floor(trust), ...verifiers.map(ofToken)];
  const spare = receivedToken(headers.pop()!);
  await expectJudgement(contenders, {
    accepts: splitToken(spare),
    refuses: splitToken(tampered(spare)),
  });
  const timings = await interleave(
    contenders,
    {
      rounds,
      warmUpRounds,
      callsPerSample: 1,
      inputs: (round) => {
        const start = (round + warmUpRounds) * slice;
        return headers
          .slice(start, start + slice)
          .map((header) => splitToken(receivedToken(header)));
      },
    },
    progress,
  );
  return { columns, rows: timings.map(row), aims: aims(timings) };
}

function ofToken({ name, call }: Contender<string>): Contender<SplitToken> {
  return { name, call: ({ token }) => call(token) };
}

const columns = [
  { title: 'median µs', digits: 1 },
  { title: 'p99 µs', digits: 1 },
  { title: '× floor', digits: 2 },
];
const row = ({ name, median, p99, ratio }: Timing) => ({ name, values: [median, p99, ratio] });

/** Ratios of one run differ by some hundredths: a peer is ahead when it is ahead by more. */
const LEVEL = 1.03;
const MOST_FLOORS = 1.35;

function aims([, own, ...peers]: readonly Timing[]): Aim[] {
  const level = peers.filter(({ ratio }) => own!.ratio <= ratio * LEVEL);
  return [
    {
      text: `at most ${MOST_FLOORS} × the floor`,
      measured: own!.ratio.toFixed(2),
      isMet: own!.ratio <= MOST_FLOORS,
    },
    {
      text: `level with every peer (within ${Math.round((LEVEL - 1) * 100)} %) or ahead`,
      measured: `${level.length} of ${peers.length}`,
      isMet: level.length === peers.length,
    },
  ];
}
