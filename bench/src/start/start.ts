import { DEMO } from '@jwt-auth/dev-stack';
import {
  authEnvironment,
  ordersEnvironment,
  startAuths,
  startDatabases,
  startOrders,
} from '../apps/apps.js';
import { bearer } from '../apps/ask.js';
import { login } from '../apps/users.js';
import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { median, quantile } from '../harness/statistics.js';
import { type AppName, type Beginning, beginning } from './beginning.js';

const efforts = {
  full: { rounds: 6, idleMs: 1_000, loadSeconds: 2 },
  smoke: { rounds: 1, idleMs: 0, loadSeconds: 0.2 },
} as const satisfies Record<Effort, object>;

const READY_WITHIN_S = 1.5;
const MOST_MEGABYTES = 150;

export const start: Benchmark = {
  name: 'start',
  question: 'How soon is an app there, and how much memory does it take?',
  method:
    'Each app is started six times, by turns, with plain `node` on a migrated database, until /health/ready ' +
    'says 200, which is asked every 10 ms. For orders that includes finding auth, its keys and a ' +
    'first snapshot of the revocation list; for both the start of the process that supervises them. ' +
    'Then resident memory, a second later and at most under two seconds of load: GET /orders over 32 ' +
    'connections, and for auth logins over 8, each of whose hashes takes 19 MiB for its time.',
  packages: ['@nestjs/core', 'autocannon'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { rounds, ...course } = efforts[effort];
  progress('starting auth');
  await using databases = await startDatabases(effort);
  await using auths = await startAuths(effort, databases);
  const { access_token: token } = await login(auths.issuer, DEMO.admin);
  const env = {
    auth: authEnvironment(auths.databaseUrl, auths.issuer),
    orders: ordersEnvironment(await databases.create('orders'), auths.issuer),
  };
  const loads = {
    auth: {
      path: '/auth/login',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(DEMO.admin),
      connections: 8,
    },
    orders: { path: '/orders', method: 'GET', headers: bearer(token), connections: 32 },
  } as const;
  const begin = (name: AppName) =>
    beginning(name, { ...course, env: env[name], load: loads[name] });
  progress('migrating orders');
  await (await startOrders(effort, databases, auths))[Symbol.asyncDispose]();
  const begun: Record<AppName, Beginning[]> = { auth: [], orders: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of ['auth', 'orders'] as const) {
      progress(`round ${round + 1} of ${rounds}: ${name}`);
      begun[name].push(await begin(name));
    }
  }
  return {
    columns,
    rows: [row('auth', begun.auth), row('orders', begun.orders)],
    aims: aims(begun.orders),
  };
}

const columns = [
  { title: 'ready s', digits: 2 },
  { title: 'slowest s', digits: 2 },
  { title: 'idle MB', digits: 0 },
  { title: 'under load MB', digits: 0 },
];

function row(name: string, begun: readonly Beginning[]) {
  const ready = begun.map(({ readyMs }) => readyMs / 1000);
  const middle = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    return known.length > 0 ? median(known) : null;
  };
  return {
    name,
    values: [
      median(ready),
      quantile(ready, 1),
      middle(begun.map(({ idleMegabytes }) => idleMegabytes)),
      middle(begun.map(({ loadedMegabytes }) => loadedMegabytes)),
    ],
  };
}

function aims(orders: readonly Beginning[]): Aim[] {
  const [ready, , , megabytes] = row('orders', orders).values;
  const isReady = {
    text: `orders ready within ${READY_WITHIN_S} s`,
    measured: `${ready!.toFixed(2)} s`,
    isMet: ready! <= READY_WITHIN_S,
  };
  if (typeof megabytes !== 'number') return [isReady];
  const isSmall = {
    text: `orders at most ${MOST_MEGABYTES} MB, under load too`,
    measured: `${megabytes.toFixed(0)} MB`,
    isMet: megabytes <= MOST_MEGABYTES,
  };
  return [isReady, isSmall];
}
