import { randomUUID } from 'node:crypto';
import { startAuths, startDatabases } from '../apps/apps.js';
import type { Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { median, quantile } from '../harness/statistics.js';
import { register, settings, timed } from './logins.js';

const efforts = {
  full: { users: 12, attempts: 300 },
  smoke: { users: 2, attempts: 2 },
} as const satisfies Record<Effort, object>;

/** Of a difference this small, a caller over a network would need many thousands of answers. */
const INDISTINCT = 0.05;

export const loginTiming: Benchmark = {
  name: 'login-timing',
  question: 'Does the time of an answer reveal whether an e-mail has an account?',
  method:
    'Logins with a wrong password over HTTP, one after another, by turns with an e-mail that has an ' +
    'account and with one that has none; each from another address, so that no limit interferes.',
  packages: ['@node-rs/argon2'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const { users, attempts } = efforts[effort];
  progress('starting auth');
  await using databases = await startDatabases(effort);
  await using auths = await startAuths(effort, databases, { settings });
  const known: string[] = [];
  for (let user = 0; user < users; user++) known.push(await register(auths.issuer));
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let attempt = 0; attempt < attempts; attempt++) {
    times.known.push(await refusal(auths.issuer, known[attempt % users]!));
    times.unknown.push(await refusal(auths.issuer, `${randomUUID()}@example.com`));
    progress(`attempt ${attempt + 1} of ${attempts}`);
  }
  const difference = Math.abs(median(times.known) / median(times.unknown) - 1);
  return {
    columns: [10, 50, 90, 99].map((share) => ({ title: `p${share} ms`, digits: 2 })),
    rows: [row('e-mail with an account', times.known), row('e-mail without', times.unknown)],
    aims: [
      {
        text: 'medians within 5 %',
        measured: `${(difference * 100).toFixed(1)} %`,
        isMet: difference <= INDISTINCT,
      },
    ],
  };
}

async function refusal(auth: string, email: string): Promise<number> {
  const { status, ms } = await timed(`${auth}/auth/login`, { email, password: 'a wrong password' });
  if (status !== 401) throw new Error(`login: ${status}`);
  return ms;
}

const row = (name: string, times: readonly number[]) => ({
  name,
  values: [0.1, 0.5, 0.9, 0.99].map((share) => quantile(times, share)),
});
