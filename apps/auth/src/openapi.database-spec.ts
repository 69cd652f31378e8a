import { ApiProbe, knownExamples, type Operation } from '@jwt-auth/dev-stack/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEMO_CLIENT_ID } from './clients/demo-client.js';
import { AuthApp, PASSWORD } from './testing/auth-app.fixture.js';
import { settleKeysAtOnce } from './testing/settled-keys.fixture.js';

let auth: AuthApp;
let probe: ApiProbe;

let count = 0;
const newEmail = () => `user${(count += 1)}@example.com`;
const CLIENT_SECRET = 'the secret of the demo client';

async function loginOfNewUser() {
  const email = newEmail();
  await auth.register(email);
  return auth.login(email);
}

/** The Authorization header of an administrator, a client, or a new user. */
async function credentialsOf(caller: string): Promise<string> {
  if (caller === 'client') {
    return `Basic ${Buffer.from(`${DEMO_CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;
  }
  const isAdmin = caller === 'admin';
  const { access_token: token } = await (isAdmin
    ? auth.login('admin@example.com')
    : loginOfNewUser());
  return `Bearer ${token}`;
}

/** What an operation accepts of this app only. */
async function issuedFor({ path }: Operation): Promise<Record<string, string> | undefined> {
  switch (path) {
    case '/auth/login': {
      const email = newEmail();
      await auth.register(email);
      return { email };
    }
    case '/auth/refresh':
      return { refresh_token: (await loginOfNewUser()).refresh_token };
    case '/oauth/introspect':
      return { token: (await loginOfNewUser()).access_token };
    case '/oauth/token':
      return { grant_type: 'client_credentials' };
    default:
      return undefined;
  }
}

beforeAll(async () => {
  ({ auth } = await AuthApp.startWithMailbox({
    SEED_DEMO: 'on',
    DEMO_CLIENT_SECRET: CLIENT_SECRET,
  }));
  await settleKeysAtOnce(auth);
  probe = await ApiProbe.start({
    base: await auth.listen(),
    known: knownExamples(newEmail, PASSWORD),
    callerOf: ({ path, security }) => {
      if (path.startsWith('/oauth/')) return 'client';
      return security && (path.startsWith('/admin/') ? 'admin' : 'someone new');
    },
    logIn: credentialsOf,
    issued: issuedFor,
    timeoutMs: 60_000,
  });
});
afterAll(async () => {
  probe?.close();
  await auth.close();
});

// One value for each place. The extended suite sends more of them.
describe('every route of the OpenAPI document', () => {
  const timeout = 300_000;

  it('is described completely', () => {
    expect(probe.operations.length).toBeGreaterThan(60);
    expect(probe.documentFaults()).toEqual([]);
  });

  it('answers valid requests as it is described', { timeout }, async () => {
    expect(await probe.sendValid()).toEqual([]);
    // Most of them do what they are for.
    const served = [200, 201, 202, 204].map((status) => probe.statuses.get(status) ?? 0);
    expect(served.reduce((sum, some) => sum + some)).toBeGreaterThan(probe.operations.length);
    // All that a route needs is there.
    expect(probe.statuses.get(503)).toBeUndefined();
    // What it issued was accepted: to an unknown token the answer is another one.
    expect(probe.members.get('POST /auth/login')).toContain('access_token');
    expect(probe.members.get('POST /auth/refresh')).toContain('access_token');
    expect(probe.members.get('POST /oauth/token')).toContain('access_token');
    expect(probe.members.get('POST /oauth/introspect')).toContain('acr');
  });

  it('answers odd requests as it is described', { timeout }, async () => {
    expect(await probe.sendOdd(1)).toEqual([]);
  });
});
