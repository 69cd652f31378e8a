import type { Request } from 'autocannon';
import type { RunningApp } from '@jwt-auth/dev-stack';
import { startAuths, startDatabases } from '../apps/apps.js';
import { login, register, type TokenPair } from '../apps/users.js';
import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { type Caller, fire } from './auth-load.js';
import { pauseMs, perCore, publishedRow, rateColumns, rateRow, type Rate, rates } from './rates.js';

const efforts = {
  full: { users: 16, rounds: 6, seconds: 2, warmUpSeconds: 5, pauseMs },
  smoke: { users: 2, rounds: 1, seconds: 0.2, warmUpSeconds: 0.1, pauseMs: 0 },
} as const satisfies Record<Effort, object>;

/** https://www.keycloak.org/high-availability/concepts-memory-and-cpu-sizing */
const keycloakRefreshesPerCore = 120;
const LEAST_TIMES = 3;

/** Longer than all: what was under way when a turn ended is asked for again at the next one. */
const settings = { REFRESH_RETRY_WINDOW: '10m' };

export const refreshRate: Benchmark = {
  name: 'refresh',
  question: 'How many refreshes a second?',
  method:
    'Sixteen sessions refresh over HTTP, each over a connection of its own and as soon as it was ' +
    'answered, always with the refresh token of the answer before, in turns of two seconds at one ' +
    'auth process and at two, with a retry window of ten minutes, as the end of a turn cuts off what ' +
    'is under way. Each refresh is one reading, one RSA signature, and one statement ' +
    'that locks the session, spends the old token and stores the new one. Auth, Postgres and the load share the ' +
    'machine. CPU is that of the auth processes, read from /proc, and a core does as many as fit ' +
    "into its time. Keycloak's line is its published sizing, not measured here; it counts its own processes " +
    'and not its database.',
  packages: ['pg', 'typeorm', 'autocannon'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { users: count, ...course } = efforts[effort];
  progress('starting auth');
  await using databases = await startDatabases(effort);
  await using auths = await startAuths(effort, databases, { count: 2, settings });
  const sessions: Session[] = [];
  for (const user of await register(auths.issuer, count)) {
    sessions.push(new Session(await login(auths.issuer, user)));
  }
  const [first, second] = auths.running as [RunningApp, RunningApp];
  const contender = (name: string, processes: readonly RunningApp[]) => ({
    name,
    auths: processes.map(({ pid }) => pid),
    fire: (seconds: number) => fire(refreshes(sessions, processes), seconds),
  });
  const contenders = [
    contender('one auth process', [first]),
    contender('two auth processes', [first, second]),
  ];
  const measured = await rates(contenders, { ...course, postgres: databases.pid }, progress);
  const published = publishedRow("Keycloak's published sizing", keycloakRefreshesPerCore);
  return {
    columns: rateColumns('refreshes', 'one'),
    rows: [...measured.map(rateRow), published],
    aims: aims(measured),
  };
}

function refreshes(sessions: readonly Session[], processes: readonly RunningApp[]): Caller[] {
  return sessions.map((session, index) => ({
    url: processes[index % processes.length]!.url,
    requests: [session.request],
  }));
}

/** A session that refreshes with the token of the last answer. */
class Session {
  private refreshToken: string;

  constructor({ refresh_token: refreshToken }: TokenPair) {
    this.refreshToken = refreshToken;
  }

  readonly request: Request = {
    method: 'POST',
    path: '/auth/refresh',
    headers: { 'content-type': 'application/json' },
    setupRequest: (request) => ({
      ...request,
      body: JSON.stringify({ refresh_token: this.refreshToken }),
    }),
    onResponse: (status, body) => {
      if (status === 200) this.refreshToken = (JSON.parse(body) as TokenPair).refresh_token;
    },
  };
}

function aims(measured: readonly Rate[]): Aim[] {
  return measured.flatMap(({ name, cpuMs }) => {
    const refreshesPerCore = perCore(cpuMs);
    // Where no processor time can be read there is nothing to judge.
    if (refreshesPerCore === undefined) return [];
    const times = refreshesPerCore / keycloakRefreshesPerCore;
    return {
      text: `${name}: at least ${LEAST_TIMES} × Keycloak's ${keycloakRefreshesPerCore} a core`,
      measured: `${refreshesPerCore.toFixed(0)} a core, ${times.toFixed(1)} ×`,
      isMet: times >= LEAST_TIMES,
    };
  });
}
