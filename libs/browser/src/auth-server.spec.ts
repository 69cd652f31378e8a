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
  ['Wed, 21 Oct 2015 07:28:00 GMT', 300],
  ['soon', 300],
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

it.each([
  [60_000, 60],
  [-60_000, 0],
])(
  'takes the date of a Retry-After by the clock of auth: %i ms from its now',
  async (ms, seconds) => {
    const now = Date.parse('2015-10-21T07:28:00Z');
    server.removeAllListeners('request').on('request', (_request, response) => {
      response.setHeader('date', new Date(now).toUTCString());
      response.writeHead(409, { 'retry-after': new Date(now + ms).toUTCString() }).end();
    });
    await expect(refresh()).rejects.toMatchObject({ retryAfterSeconds: seconds });
  },
);

it('knows no time to wait where Retry-After is neither a number nor a date', async () => {
  server.removeAllListeners('request').on('request', (_request, response) => {
    response.writeHead(409, { 'retry-after': 'soon' }).end();
  });
  await expect(refresh()).rejects.toMatchObject({ retryAfterSeconds: undefined });
});

describe('with an opaque token', () => {
  let answer: object;
  beforeEach(() => {
    answer = { access_token: 'opaque', expires_in: 900 };
    server.removeAllListeners('request').on('request', (_request, response) => {
      response.end(JSON.stringify(answer));
    });
  });

  it('knows its user by the claims beside it', async () => {
    const claims = { tenant: 'blue' };
    const payload = { sub: 'ada', sid: 's1', scope: 'orders:read', roles: ['user'], claims };
    answer = { ...answer, access_token_claims: payload };
    await expect(refresh()).resolves.toMatchObject({
      token: 'opaque',
      principal: {
        subject: 'ada',
        sessionId: 's1',
        scopes: ['orders:read'],
        roles: ['user'],
        claims,
      },
    });
  });

  it('without claims beside it has no answer of auth', async () => {
    await expect(refresh()).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});

describe('a logout', () => {
  /** The access token that each call carried. */
  let calls: (string | undefined)[];
  const answers = (status: (calls: number) => number) => {
    calls = [];
    server.removeAllListeners('request').on('request', ({ headers }, response) => {
      calls.push(headers.authorization);
      response.writeHead(status(calls.length)).end();
    });
  };

  it('ends the sessions of the access token and of the cookie in one call', async () => {
    answers(() => 204);
    await auth().logout('one');
    expect(calls).toEqual(['Bearer one']);
  });

  it('with an access token that is refused ends that of the cookie', async () => {
    answers((count) => (count === 1 ? 401 : 204));
    await auth().logout('one');
    expect(calls).toEqual(['Bearer one', undefined]);
  });

  it('without an access token ends that of the cookie, and is over if there is none', async () => {
    answers(() => 401);
    await auth().logout(undefined);
    expect(calls).toEqual([undefined]);
  });

  it('reports what else auth says', async () => {
    answers((count) => (count === 1 ? 401 : 400));
    await expect(auth().logout('one')).rejects.toMatchObject({ problem: { status: 400 } });
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
