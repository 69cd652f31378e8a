import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { authServer } from './auth-server.js';

/** A server that answers 429, then 401. */
let server: Server;
let retryAfter: string;
let askedAtMs: number[];
beforeEach(async () => {
  askedAtMs = [];
  server = createServer((_request, response) => {
    const isFirst = askedAtMs.push(performance.now()) === 1;
    response.statusCode = isFirst ? 429 : 401;
    if (isFirst) response.setHeader('retry-after', retryAfter);
    response.end('{"code":"too_many_attempts"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  vi.restoreAllMocks();
  server.close();
  server.closeAllConnections();
});

const auth = () => authServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const refresh = () => auth().refresh();

it.each([
  ['1', 1_000],
  ['0', 300],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 300],
])('refreshes again after a 429, not before Retry-After: %s', async (seconds, leastMs) => {
  retryAfter = seconds;
  expect(await refresh()).toBeNull();
  const [first = 0, second = 0] = askedAtMs;
  // Timers round down.
  expect(second - first).toBeGreaterThan(leastMs - 10);
});

it('reports a 429 at once if the wait would be long', async () => {
  retryAfter = '60';
  await expect(refresh()).rejects.toMatchObject({
    code: 'too_many_attempts',
    retryAfterSeconds: 60,
  });
  expect(askedAtMs).toHaveLength(1);
});

describe('with an opaque token', () => {
  /** How `/auth/me` answers; `undefined`: not at all. */
  let me: number | undefined;
  beforeEach(() => {
    server.removeAllListeners('request').on('request', ({ url }, response) => {
      const isMe = url === '/auth/me';
      if (isMe && me === undefined) return;
      response.statusCode = isMe ? me! : 200;
      response.end('{"access_token":"opaque","expires_in":900,"code":"token_revoked"}');
    });
  });

  it('a refused question for its user does not say that there is no session', async () => {
    me = 401;
    await expect(refresh()).rejects.toMatchObject({ code: 'token_revoked' });
  });

  it('gives up when auth does not answer', async () => {
    me = undefined;
    shortenWait();
    await expect(refresh()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

/** Half a minute takes 20 ms. */
function shortenWait(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === 30_000 ? 20 : ms));
}

it.each([
  ['a login', () => auth().login({ email: 'ada@example.com', password: 'p' })],
  ['a login with a passkey', () => auth().loginWithPasskey({ passkey: {} })],
  ['a second factor', () => auth().loginWithFactor({ ticket: 't', code: '123456' })],
  ['a step-up', () => auth().stepUp({})],
])('gives up %s that auth does not answer', async (_name, call) => {
  server.removeAllListeners('request').on('request', () => {});
  shortenWait();
  await expect(call()).rejects.toMatchObject({ name: 'TimeoutError' });
});
