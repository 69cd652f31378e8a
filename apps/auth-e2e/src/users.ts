import { randomUUID } from 'node:crypto';
import { call, type Answer, type Call } from '@jwt-auth/dev-stack';

/** The answer to a login and to a refresh (RFC 6749 section 5.1). */
export interface TokenResponse extends Record<string, unknown> {
  access_token: string;
  refresh_token: string;
  scope: string;
}

/** A password that nothing is wrong with. */
export const PASSWORD = 'seven herons over the weir';

/** The password of the users that a development database begins with. */
export const DEMO_PASSWORD = 'correct horse battery staple';

/** An e-mail that nobody has yet. */
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

/** Tries to log in, whatever the answer is. */
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

/** Presents a refresh token, whatever the answer is. */
export function refresh(
  auth: string,
  refreshToken: unknown,
  options: Call = {},
): Promise<Answer<TokenResponse>> {
  return call(`${auth}/auth/refresh`, { body: { refresh_token: refreshToken }, ...options });
}

/** What an access token says, unchecked. */
export function decode(token: string): Record<'header' | 'payload', Record<string, unknown>> {
  const [header, payload] = token
    .split('.', 2)
    .map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
    );
  if (!header || !payload) throw new Error('This is no token');
  return { header, payload };
}
