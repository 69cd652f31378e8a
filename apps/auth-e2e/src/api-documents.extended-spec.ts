import { DEMO } from '@jwt-auth/dev-stack';
import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { ApiProbe, knownExamples } from '@jwt-auth/dev-stack/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, newEmail, PASSWORD, register } from './users.js';
import { Stack } from './stack.js';

/**
 * How many odd values each place of a request is given. Orders has all of them at each place. For the 400
 * places of auth that would take an hour: there each value is sent to a part of the places only. `npm test`
 * sends a few to the apps in its own process.
 */
const PER_PLACE = { auth: 100, orders: Infinity };
const timeout = 3_600_000;
/** Until every service has had the time to fetch the next key. */
const WAITS_ON_PURPOSE = /^POST \/admin\/keys\/rotate\b/;

let mailbox: Mailbox;
let stack: Stack;
beforeAll(async () => {
  mailbox = await Mailbox.start();
  stack = await Stack.start({
    withOrders: true,
    mayIntrospect: true,
    env: { REGISTRATION_LIMIT: '1000000', TRUST_PROXY: '1', SMTP_URL: mailbox.smtpUrl },
  });
});
afterAll(async () => {
  await stack?.stop();
  await mailbox.stop();
});

/** The Authorization header of a caller: an administrator, a client, or a new user each time. */
async function logIn(caller: string): Promise<string> {
  if (caller === 'client') {
    const credentials = `${DEMO.clientId}:${stack.env['DEMO_CLIENT_SECRET']}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  // Odd requests come from another address, which may not register or log in any more.
  const from = '192.0.2.1';
  const isAdmin = caller === 'admin';
  const email = isAdmin ? 'admin@example.com' : await register(stack.auth(), newEmail(), { from });
  const password = isAdmin ? DEMO.password : PASSWORD;
  return `Bearer ${(await login(stack.auth(), email, password, { from })).access_token}`;
}

const probeOf = (base: string) =>
  ApiProbe.start({
    base,
    known: knownExamples(newEmail, PASSWORD),
    callerOf: ({ path, security }) => {
      if (path.startsWith('/oauth/')) return 'client';
      return security && (path.startsWith('/admin/') ? 'admin' : 'user');
    },
    logIn,
    issued: async ({ path }) =>
      path === '/oauth/introspect'
        ? { token: (await logIn('someone new')).replace('Bearer ', '') }
        : undefined,
    timeoutMs: 60_000,
  });

describe.each(['auth', 'orders'] as const)('every route of %s', (app) => {
  it(
    'answers odd requests from public collections as the document says, within a second',
    { timeout },
    async () => {
      const probe = await probeOf(app === 'auth' ? stack.auth() : stack.orders);
      try {
        expect(await probe.sendValid()).toEqual([]);
        expect(probe.statuses.get(503)).toBeUndefined();
        expect(await probe.sendOdd(PER_PLACE[app])).toEqual([]);
        const slow = await probe.slowAlone(1_000);
        expect(slow.filter((found) => !WAITS_ON_PURPOSE.test(found))).toEqual([]);
      } finally {
        probe.close();
      }
    },
  );
});
