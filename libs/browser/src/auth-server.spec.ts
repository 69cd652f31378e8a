import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';

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
  server.close();
  server.closeAllConnections();
});

const refresh = () =>
  authServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).refresh();

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
