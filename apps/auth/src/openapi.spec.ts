import { Mailbox } from '@jwt-auth/dev-stack/mailbox';
import { ApiProbe, knownExamples } from '@jwt-auth/dev-stack/openapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from './testing/auth-app.fixture.js';

let mailbox: Mailbox;
let auth: AuthApp;
let probe: ApiProbe;

let count = 0;
const newEmail = () => `user${(count += 1)}@example.com`;

beforeAll(async () => {
  mailbox = await Mailbox.start();
  auth = await AuthApp.start({ SEED_DEMO: 'on', SMTP_URL: mailbox.smtpUrl });
  probe = await ApiProbe.start({
    base: await auth.listen(),
    known: knownExamples(newEmail, PASSWORD),
    callerOf: ({ path, security }) =>
      security && (path.startsWith('/admin/') ? 'admin' : 'someone new'),
    logIn: async (caller) => {
      const email = caller === 'admin' ? 'admin@example.com' : newEmail();
      if (caller !== 'admin') await auth.register(email);
      return `Bearer ${(await auth.login(email)).access_token}`;
    },
    timeoutMs: 60_000,
  });
});
afterAll(async () => {
  probe?.close();
  await auth.close();
  await mailbox.stop();
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
  });

  it('answers odd requests as it is described', { timeout }, async () => {
    expect(await probe.sendOdd(1)).toEqual([]);
  });
});
