import { randomBytes, randomUUID } from 'node:crypto';
import { DEMO } from '@jwt-auth/dev-stack';
import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { startAuthsOn, startDatabases } from '../apps/apps.js';
import { post } from '../apps/ask.js';
import { login, PASSWORD } from '../apps/users.js';
import type { Aim, Benchmark, Effort, Findings, Progress } from '../harness/benchmark.js';
import { median, quantile } from '../harness/statistics.js';
import { settings, timed } from '../login/logins.js';

const efforts = { full: 300, smoke: 2 } as const satisfies Record<Effort, number>;

/** Of a difference this small, a caller over a network would need many thousands of answers. */
const INDISTINCT_SHARE = 0.05;
const INDISTINCT_MS = 0.5;

const SHARES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

/** A request that must not say by its time whether an e-mail has an account. */
interface Request {
  readonly name: string;
  readonly path: string;
  readonly expected: number;
  readonly body: (email: string) => object;
}

const REQUESTS: readonly Request[] = [
  { name: 'forgot', path: 'password/forgot', expected: 202, body: (email) => ({ email }) },
  {
    name: 'register',
    path: 'register',
    expected: 202,
    body: (email) => ({ email, password: PASSWORD }),
  },
  {
    name: 'login',
    path: 'login',
    expected: 401,
    body: (email) => ({ email, password: 'a wrong password' }),
  },
];

type Times = Readonly<Record<'known' | 'unknown', number[]>>;

export const accountTiming: Benchmark = {
  name: 'account-timing',
  question: 'Does the time of any answer reveal whether an e-mail has an account?',
  method:
    'A forgotten password, a registration with EMAIL_VERIFICATION=required and a login with a wrong ' +
    'password, over HTTP, one request after another: by turns with an e-mail that has an account and ' +
    'with one that has none, in changing order, each e-mail once and each request from another ' +
    'address, so that no limit interferes. A mail server on the same machine takes the mails, which ' +
    'auth sends after its answers.',
  whyMissed:
    'With the spread of a busy machine, medians of 300 answers differ by several per cent by chance: ' +
    'repeat it on a quiet one before anything is concluded from it.',
  packages: ['@node-rs/argon2'],
  run,
};

async function run(effort: Effort, progress: Progress): Promise<Findings> {
  const attempts = efforts[effort];
  progress('starting auth');
  await using databases = await startDatabases(effort);
  const mailbox = await Mailbox.start();
  try {
    await using auths = await startAuthsOn(await databases.create('account_timing'), {
      settings: { ...settings, SMTP_URL: mailbox.smtpUrl, EMAIL_VERIFICATION: 'required' },
    });
    const known = await addUsers(auths.issuer, attempts);
    const measured: [string, Times][] = [];
    for (const request of REQUESTS) {
      measured.push([request.name, await measure(auths.issuer, request, known, progress)]);
    }
    return findings(measured);
  } finally {
    await mailbox.stop();
  }
}

/** Adds users with a hash of an unknown password, with the parameters of auth. */
async function addUsers(auth: string, count: number): Promise<string[]> {
  const { access_token: admin } = await login(auth, DEMO.admin);
  const emails: string[] = [];
  while (emails.length < count) {
    const [salt, digest] = [16, 32].map((size) =>
      randomBytes(size).toString('base64').replaceAll('=', ''),
    );
    const user = {
      email: `${randomUUID()}@example.com`,
      passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${digest}`,
    };
    await post(`${auth}/admin/users`, user, 201, admin);
    emails.push(user.email);
  }
  return emails;
}

async function measure(
  auth: string,
  { name, path, expected, body }: Request,
  known: readonly string[],
  progress: Progress,
): Promise<Times> {
  const times: Times = { known: [], unknown: [] };
  const answer = async (kind: keyof Times, email: string): Promise<void> => {
    const { status, ms } = await timed(`${auth}/auth/${path}`, body(email));
    if (status !== expected) throw new Error(`${path}: ${status}`);
    times[kind].push(ms);
  };
  for (const [index, email] of known.entries()) {
    const pair = [
      () => answer('known', email),
      () => answer('unknown', `${randomUUID()}@example.com`),
    ];
    for (const send of index % 2 === 0 ? pair : pair.reverse()) await send();
    if (index % 10 === 0) progress(`${name} ${index} of ${known.length}`);
  }
  return times;
}

function findings(measured: readonly (readonly [string, Times])[]): Findings {
  return {
    columns: SHARES.map((share) => ({ title: `p${share * 100} ms`, digits: 2 })),
    rows: measured.flatMap(([name, { known, unknown }]) => [
      row(`${name}, e-mail with an account`, known),
      row(`${name}, e-mail without`, unknown),
    ]),
    aims: measured.map(([name, times]) => aim(name, times)),
  };
}

function aim(name: string, { known, unknown }: Times): Aim {
  const [one, other] = [median(known), median(unknown)];
  const differenceMs = Math.abs(one - other);
  const share = differenceMs / other;
  return {
    text: `${name}: medians within ${INDISTINCT_SHARE * 100} %, or ${INDISTINCT_MS} ms`,
    measured: `${(share * 100).toFixed(1)} %, ${differenceMs.toFixed(2)} ms`,
    isMet: share <= INDISTINCT_SHARE || differenceMs <= INDISTINCT_MS,
  };
}

const row = (name: string, times: readonly number[]) => ({
  name,
  values: SHARES.map((share) => quantile(times, share)),
});
