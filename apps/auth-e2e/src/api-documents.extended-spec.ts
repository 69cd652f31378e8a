import { DEMO_CLIENT_ID } from '@jwt-auth/dev-stack';
import { ApiProbe } from '@jwt-auth/dev-stack/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PASSWORD, login, newEmail, PASSWORD, register } from './users.js';
import { Stack } from './stack.js';

// `npm test` sends a sample of this to the apps in its own process.
const PER_PLACE = 100;
const timeout = 3_600_000;
/** Until every service has had the time to fetch the next key. */
const WAITS_ON_PURPOSE = 'POST /admin/keys/rotate ';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({
    withOrders: true,
    mayIntrospect: true,
    env: { REGISTRATION_LIMIT: '1000000', TRUST_PROXY: '1' },
  });
});
afterAll(() => stack?.stop());

/** The Authorization header of a caller: an administrator, a client, or a new user each time. */
async function logIn(caller: string): Promise<string> {
  if (caller === 'client') {
    const credentials = `${DEMO_CLIENT_ID}:${stack.env['DEMO_CLIENT_SECRET']}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  // What is sent odd comes from another address, which may not register or log in any more.
  const from = '192.0.2.1';
  const isAdmin = caller === 'admin';
  const email = isAdmin ? 'admin@example.com' : await register(stack.auth(), newEmail(), { from });
  const password = isAdmin ? DEMO_PASSWORD : PASSWORD;
  return `Bearer ${(await login(stack.auth(), email, password, { from })).access_token}`;
}

const probeOf = (base: string) =>
  ApiProbe.start({
    base,
    known: {
      email: newEmail,
      password: () => PASSWORD,
      passwordHash: () => undefined,
      cursor: () => undefined,
      roles: () => ['user'],
      scopes: () => [],
      audiences: () => ['api'],
      currency: () => 'EUR',
      grant_type: () => 'client_credentials',
      client_id: () => undefined,
      client_secret: () => undefined,
    },
    callerOf: ({ path, security }) => {
      if (path.startsWith('/oauth/')) return 'client';
      return security && (path.startsWith('/admin/') ? 'admin' : 'user');
    },
    logIn,
    timeoutMs: 60_000,
  });

describe.each(['auth', 'orders'] as const)('every route of %s', (app) => {
  it('answers what others collected as it is described, within a second', { timeout }, async () => {
    const probe = await probeOf(app === 'auth' ? stack.auth() : stack.orders);
    try {
      expect(await probe.sendValid()).toEqual([]);
      expect(await probe.sendOdd(PER_PLACE)).toEqual([]);
      const slow = await probe.slowAlone(1_000);
      expect(slow.filter((found) => !found.startsWith(WAITS_ON_PURPOSE))).toEqual([]);
    } finally {
      probe.close();
    }
  });
});
