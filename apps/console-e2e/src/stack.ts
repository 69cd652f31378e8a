import { randomBytes, randomUUID } from 'node:crypto';

import { DEMO_CLIENT_ID, freePort, startApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';

export const PASSWORD = 'correct horse battery staple';
export const ADMIN = 'admin@example.com';

export interface Stack {
  /** Addresses. */
  readonly auth: string;
  readonly orders: string;
  readonly authDatabase: string;
}

let shared: Promise<Stack> | undefined;

/** Both built apps, the same for all specs. They end with the process. */
export function startStack(): Promise<Stack> {
  shared ??= start();
  return shared;
}

async function start(): Promise<Stack> {
  const port = await freePort();
  const ISSUER = `http://localhost:${port}`;
  const authDatabase = await freshDatabase();
  const secret = randomBytes(32).toString('base64url');
  const env = {
    DATABASE_URL: authDatabase,
    ISSUER,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    DEMO_CLIENT_SECRET: secret,
  };
  await startApp('auth', { port, env });
  const orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: await freshDatabase(),
      ISSUER,
      CLIENT_ID: DEMO_CLIENT_ID,
      CLIENT_SECRET: secret,
    },
  });
  // The page is where the issuer is: a browser offers WebCrypto to pages of this machine.
  return { auth: ISSUER, orders: orders.url, authDatabase };
}

/** Calls auth as a program does. @throws Error with the answer, unless it is a success */
export async function api<T>(
  path: string,
  { token, body, headers = {}, method = body ? 'POST' : 'GET' }: ApiCall = {},
): Promise<T> {
  const { auth } = await startStack();
  const response = await fetch(`${auth}/${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

interface ApiCall {
  readonly token?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

/** An access token. @param userAgent of the device */
export async function login(email: string, userAgent = 'spec'): Promise<string> {
  const body = { email, password: PASSWORD };
  const headers = { 'user-agent': userAgent };
  return (await api<{ access_token: string }>('auth/login', { body, headers })).access_token;
}

let admin: Promise<string> | undefined;

/** The token of an administrator. */
export function adminToken(): Promise<string> {
  admin ??= login(ADMIN);
  return admin;
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
