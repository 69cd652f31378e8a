import { randomUUID } from 'node:crypto';
import { call, type Answer, type Call } from '@jwt-auth/dev-stack';
import { decodeJwt, decodeProtectedHeader } from 'jose';

/** The answer to a login and to a refresh (RFC 6749 section 5.1). */
export interface TokenResponse extends Record<string, unknown> {
  access_token: string;
  refresh_token: string;
  scope: string;
}

/** A valid password. */
export const PASSWORD = 'seven herons over the weir';

/** An e-mail without an account. */
export const newEmail = () => `${randomUUID()}@example.com`;

/** Makes an account and returns its e-mail. */
export async function register(
  auth: string,
  email = newEmail(),
  options: Call = {},
): Promise<string> {
  const body = { email, password: PASSWORD };
  const { status } = await call(`${auth}/auth/register`, { body, ...options });
  if (status !== 201) throw new Error(`The registration answered ${status}`);
  return email;
}

/** Tries to log in, and returns any answer. */
export function tryLogin(
  auth: string,
  email: string,
  password = PASSWORD,
  options: Call = {},
): Promise<Answer<TokenResponse>> {
  return call(`${auth}/auth/login`, { body: { email, password }, ...options });
}

/** Begins a session. */
export async function login(
  auth: string,
  email: string,
  password = PASSWORD,
  options: Call = {},
): Promise<TokenResponse> {
  const { status, body } = await tryLogin(auth, email, password, options);
  if (status !== 200) throw new Error(`The login answered ${status}`);
  return body;
}

/** A separate user for a test, with a session. */
export async function newSession(auth: string): Promise<TokenResponse & { email: string }> {
  const email = await register(auth);
  return { ...(await login(auth, email)), email };
}

/** Presents a refresh token, and returns any answer. */
export function refresh(
  auth: string,
  refreshToken: unknown,
  options: Call = {},
): Promise<Answer<TokenResponse>> {
  return call(`${auth}/auth/refresh`, { body: { refresh_token: refreshToken }, ...options });
}

/** Header and claims of an access token, unchecked. */
export function decode(token: string): Record<'header' | 'payload', Record<string, unknown>> {
  return { header: { ...decodeProtectedHeader(token) }, payload: decodeJwt(token) };
}
