import { hash, verify } from '@node-rs/argon2';
import { startAuths, startDatabases } from '../apps/apps.js';
import { type Credentials, register } from '../apps/users.js';
import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { quantile } from '../harness/statistics.js';
import { type Caller, fire, type LoadSlice } from './auth-load.js';
import { pauseMs, publishedRow, rateColumns, rateRow, type Rate, rates } from './rates.js';

const efforts = {
  full: { users: 64, callers: 8, rounds: 5, seconds: 4, warmUpSeconds: 20, pauseMs },
  smoke: { users: 2, callers: 2, rounds: 1, seconds: 0.2, warmUpSeconds: 0.1, pauseMs: 0 },
} as const satisfies Record<Effort, object>;

/** Those of auth's PasswordHasher, and as many at once as its gate lets through. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const hashesAtOnce = 2;
/** https://www.keycloak.org/high-availability/concepts-memory-and-cpu-sizing */
const keycloakLoginsPerCore = 15;
const LEAST_SHARE = 0.65;

export const loginRate: Benchmark = {
  name: 'login',
  question: 'How many logins a second, and how much of that is the hash?',
  method:
    'Sixty-four users, none with as many sessions as the bound allows, log in over HTTP with the right ' +
    'password, over eight connections that are always in use, in turns of four seconds: bare argon2id (19 MiB, t=2, p=1, the same library, two at once, ' +
    'nothing else), one auth process, and two that share the connections. Each login reads the user ' +
    'and the limits, hashes, and writes the session, the audit event and the tokens into Postgres. ' +
    'Auth, Postgres and the load have the machine to themselves and share its cores; bare argon2id has ' +
    'all of them. CPU is that of the auth processes, read from /proc, or of the bare hashes: what a ' +
    'login takes of the same cores besides that, in auth, Postgres and the load, keeps it from the ' +
    "rate of the hash. Auth's part of it is counted as what its processes use beyond a bare hash, which " +
    'includes what the hashes lose when others share their caches. ' +
    "Keycloak's line is its published sizing, not measured here; it counts its own processes and not " +
    'its database.',
  whyMissed:
    'A login is bound by the processor. Beside the hash, auth takes 5 to 7 ms of it: its own thread 4.4, of ' +
    'which 0.9 are the RS256 signature, and the rest is spread over HTTP and the eight statements of a ' +
    'login. Postgres takes 2 to 2.5 ms more. The cheaper the hash is on a machine, the more these weigh. ' +
    'Four statements less than it had saved about half a millisecond of Postgres and of auth each, which is ' +
    'less than the rates of one machine differ from one hour to the next.',
  packages: ['@node-rs/argon2', 'autocannon'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { users: count, callers, ...course } = efforts[effort];
  progress('starting auth');
  await using databases = await startDatabases(effort);
  await using auths = await startAuths(effort, databases, { count: 2 });
  const users = await register(auths.issuer, count);
  const stored = await hash(users[0]!.password, parameters);
  const [first, second] = auths.running;
  const both = [first!, second!];
  const contenders = [
    {
      name: 'argon2id, two at once',
      auths: [],
      fire: (seconds: number) => fireHashes(stored, users[0]!.password, seconds),
    },
    {
      name: 'one auth process',
      auths: [first!.pid],
      fire: (seconds: number) => fire(logins([first!.url], users, callers), seconds),
    },
    {
      name: 'two auth processes',
      auths: both.map(({ pid }) => pid),
      fire: (seconds: number) =>
        fire(
          logins(
            both.map(({ url }) => url),
            users,
            callers,
          ),
          seconds,
        ),
    },
  ];
  const measured = await rates(contenders, { ...course, postgres: databases.pid }, progress);
  const published = publishedRow("Keycloak's published sizing", keycloakLoginsPerCore);
  return {
    columns: [...rateColumns('logins', 'argon2id'), { title: 'auth besides hash ms', digits: 2 }],
    rows: [...measured.map(rateRow), published].map(({ name, values }, index) => ({
      name,
      values: [...values, besidesHash(measured, index)],
    })),
    aims: [aim(measured)],
  };
}

/** What a login takes of the processors in auth, without what a bare hash takes. */
function besidesHash([hashes, ...served]: readonly Rate[], index: number): number | null {
  const cpuMs = served[index - 1]?.cpuMs;
  return cpuMs && hashes?.cpuMs ? cpuMs - hashes.cpuMs : null;
}

/** Each caller logs its own users in, one after the other. */
function logins(
  servers: readonly string[],
  users: readonly Credentials[],
  callers: number,
): Caller[] {
  return Array.from({ length: callers }, (_, caller) => ({
    url: servers[caller % servers.length]!,
    requests: users
      .filter((_user, index) => index % callers === caller)
      .map((user) => ({
        method: 'POST',
        path: '/auth/login',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(user),
      })),
  }));
}

async function fireHashes(stored: string, password: string, seconds: number): Promise<LoadSlice> {
  const times: number[] = [];
  const startedMs = performance.now();
  const worker = async () => {
    while (performance.now() - startedMs < seconds * 1000) {
      const hashStartedMs = performance.now();
      if (!(await verify(stored, password))) throw new Error('The hash is of another password');
      times.push(performance.now() - hashStartedMs);
    }
  };
  await Promise.all(Array.from({ length: hashesAtOnce }, worker));
  return {
    answered: times.length,
    sent: times.length,
    seconds: (performance.now() - startedMs) / 1000,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

function aim([, one, two]: readonly Rate[]): Aim {
  const best = Math.max(one!.ratio, two!.ratio);
  return {
    text: `at least ${LEAST_SHARE} of the rate of bare argon2id, with the better of one process and two`,
    measured: `${one!.ratio.toFixed(2)} and ${two!.ratio.toFixed(2)}`,
    isMet: best >= LEAST_SHARE,
  };
}
