import { randomInt, randomUUID } from 'node:crypto';

export const PASSWORD = 'a long enough passphrase';

/** One answer: its status, its body, and after how many milliseconds it was complete. */
export interface TimedAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** Of an auth whose callers come from many addresses: what is measured are hashes, not limits. */
export const settings = { TRUST_PROXY: 'loopback' };

/** A caller from somewhere, with a JSON body if there is one. */
export async function timed(url: string, body?: object, token?: string): Promise<TimedAnswer> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = (await response.json()) as TimedAnswer['body'];
  return { status: response.status, body: answer, ms: performance.now() - startedAt };
}

/** A new user's e-mail. */
export async function register(auth: string): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { status } = await timed(`${auth}/auth/register`, { email, password: PASSWORD });
  if (status !== 201) throw new Error(`register: ${status}`);
  return email;
}
