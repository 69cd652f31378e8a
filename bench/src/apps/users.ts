import { randomUUID } from 'node:crypto';
import { post } from './ask.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Of every user that a benchmark registers. */
export const PASSWORD = 'a long enough passphrase';

/** Registers so many new users. */
export async function register(auth: string, count: number): Promise<Credentials[]> {
  const users = Array.from({ length: count }, () => ({
    email: `${randomUUID()}@example.com`,
    password: PASSWORD,
  }));
  for (const user of users) await post(`${auth}/auth/register`, user, 201);
  return users;
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export function login(auth: string, user: Credentials): Promise<TokenPair> {
  return post<TokenPair>(`${auth}/auth/login`, user, 200);
}
