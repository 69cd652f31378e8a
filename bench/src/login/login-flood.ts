import { setTimeout as sleep } from 'node:timers/promises';
import { startAuths, startDatabases, startOrders } from '../apps/apps.js';
import { register } from '../apps/users.js';
import type { Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { quantile } from '../harness/statistics.js';
import { settings, timed, type TimedAnswer } from './logins.js';

const efforts = {
  full: { probes: 100, callers: 150 },
  smoke: { probes: 2, callers: 8 },
} as const satisfies Record<Effort, object>;

/** Of a caller that got 429. */
const PAUSE_MS = 500;

export const loginFlood: Benchmark = {
  name: 'login-flood',
  question: 'What does a flood of logins leave of refresh and orders?',
  method:
    'One user refreshes and lists orders, by turns, at first alone and then while 150 callers log in ' +
    'again and again, half a second after a refusal, all on one machine of two cores. At most two ' +
    'passwords are hashed at once and a bounded number waits; the others get 429 without a hash.',
  packages: ['@node-rs/argon2'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { probes, callers } = efforts[effort];
  progress('starting auth and orders');
  await using databases = await startDatabases(effort);
  await using auths = await startAuths(effort, databases, { settings });
  await using orders = await startOrders(effort, databases, auths);
  const apps = { auth: auths.issuer, orders: orders.running[0]!.url };
  const [credentials] = await register(apps.auth, 1);
  const login = await timed(`${apps.auth}/auth/login`, credentials);
  const session = { refreshToken: login.body['refresh_token'] as string };
  progress('probing alone');
  const alone = await probe(apps, session, probes);
  const flood = startFlood(apps.auth, callers, credentials!);
  progress(`probing amid ${callers} callers`);
  const flooded = await probe(apps, session, probes);
  const statuses = await flood.stop();
  const unanswered = [...alone.answers, ...flooded.answers].filter(({ status }) => status !== 200);
  return {
    columns: [50, 99].map((share) => ({ title: `p${share} ms`, digits: 1 })),
    rows: [
      row('refresh, alone', alone.refreshes),
      row('refresh, in the flood', flooded.refreshes),
      row('orders, alone', alone.lists),
      row('orders, in the flood', flooded.lists),
    ],
    aims: [
      {
        text: 'every refresh and every list of orders is answered with 200',
        measured: `${unanswered.length} were not; of the logins ${tally(statuses)}`,
        isMet: unanswered.length === 0,
      },
    ],
  };
}

interface Apps {
  readonly auth: string;
  readonly orders: string;
}

/** Refreshes and lists, one after another. */
async function probe(apps: Apps, session: { refreshToken: string }, count: number) {
  const [refreshes, lists]: [number[], number[]] = [[], []];
  const answers: TimedAnswer[] = [];
  for (let turn = 0; turn < count; turn++) {
    const body = { refresh_token: session.refreshToken };
    const refresh = await timed(`${apps.auth}/auth/refresh`, body);
    session.refreshToken = refresh.body['refresh_token'] as string;
    const token = refresh.body['access_token'] as string;
    const list = await timed(`${apps.orders}/orders`, undefined, token);
    refreshes.push(refresh.ms);
    lists.push(list.ms);
    answers.push(refresh, list);
  }
  return { refreshes, lists, answers };
}

/** Callers that log in again as soon as they are answered, until they are stopped. */
function startFlood(auth: string, callers: number, credentials: object) {
  const statuses: number[] = [];
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      const { status } = await timed(`${auth}/auth/login`, credentials);
      statuses.push(status);
      // The flood runs on this machine, too: without a pause it would be measured itself.
      if (status === 429) await sleep(PAUSE_MS);
    }
  };
  const all = Array.from({ length: callers }, caller);
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(all);
      return statuses;
    },
  };
}

function tally(statuses: readonly number[]): string {
  const of = (status: number) => statuses.filter((each) => each === status).length;
  return `${of(200)} were 200, ${of(429)} were 429, ${statuses.length - of(200) - of(429)} others`;
}

const row = (name: string, times: readonly number[]) => ({
  name,
  values: [quantile(times, 0.5), quantile(times, 0.99)],
});
