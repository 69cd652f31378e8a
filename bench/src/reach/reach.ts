import { startAuths, startDatabases, startOrders } from '../apps/apps.js';
import { ServiceClient } from '../apps/service-client.js';
import type { Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { quantile } from '../harness/statistics.js';
import { type Reach, revokeAndWatch } from './revoke-and-watch.js';

const efforts = {
  full: { services: 3, revocations: 2_000, perSecond: 50, warmUp: 100 },
  smoke: { services: 1, revocations: 5, perSecond: 50, warmUp: 1 },
} as const satisfies Record<Effort, object>;

/** Also the aim of every row of `scale`. */
export const REACH_P99_MS = 50;
const LONGEST_MS = 1_000;
const BUSIEST = 0.8;

export const reach: Benchmark = {
  name: 'reach',
  question: 'How long does a revoked token still open doors?',
  method:
    'Tokens that three orders processes have accepted are revoked at auth (RFC 7009), 2,000 at 50 a ' +
    'second. From the moment of the acknowledgement each process is asked with that token every 2 ms ' +
    'over kept connections, until it says 401. The figures include the round trip of that question, ' +
    'which is shown below, and up to 2 ms until it was asked. The tokens have no scope, so that a ' +
    'living one is answered with 403 by the guards alone. Auth, its Postgres, three orders processes ' +
    'and the asking process share one machine and its cores.',
  packages: [],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { services, revocations, perSecond, warmUp } = efforts[effort];
  progress('starting auth and orders');
  await using databases = await startDatabases(effort);
  await using auth = await startAuths(effort, databases);
  await using orders = await startOrders(effort, databases, auth, services);
  const client = await ServiceClient.register(auth.issuer);
  const tokens = await client.mint(warmUp + revocations, (made) => {
    if (made % 100 === 0) progress(`minting token ${made} of ${warmUp + revocations}`);
  });
  const routes = orders.running.map(({ url }) => `${url}/orders`);
  const watch = { client, services: routes, perSecond };
  await revokeAndWatch({ ...watch, tokens: tokens.slice(0, warmUp) }, progress);
  return findings(await revokeAndWatch({ ...watch, tokens: tokens.slice(warmUp) }, progress));
}

function findings({ each, last, roundTrips, driverBusy }: Reach): Findings {
  const [p50, p99, longest] = [0.5, 0.99, 1].map((share) => quantile(last, share)) as [
    number,
    number,
    number,
  ];
  return {
    columns: ['p50 ms', 'p99 ms', 'max ms'].map((title) => ({ title, digits: 1 })),
    rows: [
      { name: 'until all three refuse', values: [p50, p99, longest] },
      row('each of them by itself', each),
      row('of this the round trip', roundTrips),
    ],
    aims: [
      {
        text: `p99 at most ${REACH_P99_MS} ms`,
        measured: `${p99.toFixed(1)} ms`,
        isMet: p99 <= REACH_P99_MS,
      },
      {
        text: `never over ${LONGEST_MS / 1_000} s`,
        measured: `${longest.toFixed(1)} ms`,
        isMet: longest < LONGEST_MS,
      },
      {
        text: `the asking process is busy for at most ${BUSIEST * 100} % of the time`,
        measured: `${(driverBusy * 100).toFixed(0)} %`,
        isMet: driverBusy <= BUSIEST,
      },
    ],
  };
}

const row = (name: string, samples: readonly number[]) => ({
  name,
  values: [0.5, 0.99, 1].map((share) => quantile(samples, share)),
});
