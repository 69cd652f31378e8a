import { randomUUID } from 'node:crypto';
import { post } from './ask.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Who is there in every database of development. */
export const demoAdmin: Credentials = {
  email: 'admin@example.com',
  password: 'correct horse battery staple',
};

/** So many new people. */
export async function register(auth: string, count: number): Promise<Credentials[]> {
  const people = Array.from({ length: count }, () => ({
    email: `${randomUUID()}@example.com`,
    password: 'a long enough passphrase',
  }));
  for (const person of people) await post(`${auth}/auth/register`, person, 201);
  return people;
}

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
}

export function login(auth: string, person: Credentials): Promise<TokenPair> {
  return post<TokenPair>(`${auth}/auth/login`, person, 200);
}
