import { randomInt } from 'node:crypto';

/** An answer, and after how many milliseconds it was complete. */
export interface TimedAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** Of an auth whose callers come from many addresses, so that hashes are measured and not limits. */
export const settings = { TRUST_PROXY: 'loopback' };

/** Sends a request from a random address, with a JSON body if there is one. */
export async function timed(url: string, body?: object, token?: string): Promise<TimedAnswer> {
  const startedMs = performance.now();
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
  return { status: response.status, body: answer, ms: performance.now() - startedMs };
}
