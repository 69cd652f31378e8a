import { randomUUID } from 'node:crypto';

import { authSettings, call, DEMO, freePort, startApp, type Call } from '@jwt-auth/dev-stack';
import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { freshDatabase, startApps, withClient, type RunningApps } from '@jwt-auth/dev-stack/vitest';

/** Of every user of these specs. */
export const PASSWORD = DEMO.password;
export const ADMIN = DEMO.admin.email;

export interface Stack extends RunningApps {
  /** Where all mail arrives. */
  readonly mailbox: Mailbox;
}

let shared: Promise<Stack> | undefined;

/** Both built apps, the same for all specs of a worker. They end with it. */
export function startStack(): Promise<Stack> {
  shared ??= start();
  return shared;
}

let strict: Promise<string> | undefined;

/** The address of one more auth process, whose users have to verify their e-mail before they log in. */
export function startStrictAuth(): Promise<string> {
  strict ??= startStrict();
  return strict;
}

async function startStrict(): Promise<string> {
  const { mailbox } = await startStack();
  const port = await freePort();
  const ISSUER = `http://localhost:${port}`;
  const env = {
    ...authSettings({ DATABASE_URL: await freshDatabase(), ISSUER }),
    SMTP_URL: mailbox.smtpUrl,
    EMAIL_VERIFICATION: 'required',
  };
  await startApp('auth', { port, env });
  return ISSUER;
}

async function start(): Promise<Stack> {
  const mailbox = await Mailbox.start();
  return { ...(await startApps({ auth: { SMTP_URL: mailbox.smtpUrl } })), mailbox };
}

/** Calls auth as a program does. @throws Error with the answer, unless it is a success */
export async function api<T>(path: string, request: Call = {}): Promise<T> {
  const { auth } = await startStack();
  const { status, body } = await call<T>(`${auth}/${path}`, request);
  if (status < 300) return body;
  throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
}

/** An access token. @param userAgent of the device */
export async function login(
  email: string,
  userAgent = 'spec',
  password = PASSWORD,
): Promise<string> {
  const body = { email, password };
  const headers = { 'user-agent': userAgent };
  return (await api<{ access_token: string }>('auth/login', { body, headers })).access_token;
}

/** A token gets old: changes need a recent login, and a run may take long on a slow machine. */
const FRESH_MS = 300_000;
let admin: { readonly token: Promise<string>; readonly sinceMs: number } | undefined;

/** The token of an administrator, of a recent login. */
export function adminToken(): Promise<string> {
  if (!admin || performance.now() - admin.sinceMs > FRESH_MS) {
    admin = { token: login(ADMIN), sinceMs: performance.now() };
  }
  return admin.token;
}

export interface NewUser {
  readonly id: string;
  readonly email: string;
}

/** A user of one test. */
export async function newUser(roles = ['user']): Promise<NewUser> {
  const body = { email: `${randomUUID()}@example.com`, password: PASSWORD, roles };
  return api<NewUser>('admin/users', { token: await adminToken(), body });
}

/** The status that an access token gets at auth: 401 once it is refused. */
export async function statusOf(token: string): Promise<number> {
  return (await call(`${(await startStack()).auth}/auth/me`, { token })).status;
}

/** The link of the next mail to this address with this subject. */
export async function linkTo(email: string, subject: string): Promise<string> {
  const { text } = await (await startStack()).mailbox.take(email, subject);
  return /^https?:.*#token=.*$/m.exec(text)?.[0] ?? '';
}

/** The user logged in longer ago than a change allows. */
export async function ageLogin({ id }: NewUser): Promise<void> {
  const { authDatabase } = await startStack();
  const longAgo = `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = $1`;
  await withClient(authDatabase, (client) => client.query(longAgo, [id]));
}
