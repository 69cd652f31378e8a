import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { type Contender, expectJudgement, interleave, type Timing } from '../harness/interleave.js';
import { mintTokens, receivedToken, tampered } from '../tokens/token-batch.js';
import { awsJwtVerify } from './aws-jwt-verify.js';
import { fastJwt } from './fast-jwt.js';
import { floor, type TakenApart, takeApart } from './floor.js';
import { jose } from './jose.js';
import { jsonwebtokenWithKeyObject, jsonwebtokenWithPem } from './jsonwebtoken.js';
import { nestJwt } from './nest-jwt.js';
import { ours } from './ours.js';

// In full, enough warm-up for V8 to have compiled what is measured.
const efforts = {
  full: { tokens: 10_000, rounds: 200, warmUpRounds: 100 },
  smoke: { tokens: 40, rounds: 2, warmUpRounds: 2 },
};

export const verifyFirst: Benchmark = {
  name: 'verify-first',
  question: 'What does it cost to verify a token that was never seen before?',
  method:
    'RS256, 2048 bits, 10,000 distinct tokens, each judged once by each contender, with issuer, ' +
    'audience and expiry demanded of all. Only jwt-core also refuses duplicate members and other ' +
    'spellings of base64url, checks the types of all claims of RFC 9068, and asks its revocation ' +
    'list, which holds 1,000 entries.',
  whyMissed:
    'Taking the token apart, the signature and a plain JSON.parse of both objects are 1.15 × the ' +
    'floor by themselves, with nothing checked. Taken away one at a time, the rest was: duplicate ' +
    'members 0.03, the revocation list and the compact ids that it is asked by 0.03, the ' +
    'judgement of time and state 0.03, remembering the token 0.03, freezing what a handler gets ' +
    '0.01. No check is given up for it, and RSA through a lower primitive, which would save 0.04, ' +
    'would be cryptography of our own.',
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
    accepts: takeApart(spare),
    refuses: takeApart(tampered(spare)),
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
          .map((header) => takeApart(receivedToken(header)));
      },
    },
    progress,
  );
  return { columns, rows: timings.map(row), aims: aims(timings) };
}

function ofToken({ name, call }: Contender<string>): Contender<TakenApart> {
  return { name, call: ({ token }) => call(token) };
}

const columns = [
  { title: 'median µs', digits: 1 },
  { title: 'p99 µs', digits: 1 },
  { title: '× floor', digits: 2 },
];
const row = ({ name, median, p99, ratio }: Timing) => ({ name, values: [median, p99, ratio] });

function aims([, own, ...peers]: readonly Timing[]): Aim[] {
  const ahead = peers.filter(({ ratio }) => ratio > own!.ratio);
  return [
    {
      text: 'at most 1.15 × the floor',
      measured: own!.ratio.toFixed(2),
      isMet: own!.ratio <= 1.15,
    },
    {
      text: 'ahead of every peer',
      measured: `ahead of ${ahead.length} of ${peers.length}`,
      isMet: ahead.length === peers.length,
    },
  ];
}
