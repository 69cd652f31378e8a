import { beforeAll, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';

/**
 * The property: a token that was issued before a revocation of its client committed is refused by
 * every process, and one that was issued after is accepted, whatever the processes' clocks say.
 * Two processes on one database take random steps, all within a few seconds.
 */
const STEPS = 120;

const ahead = AuthApp.forFile({ SEED_DEMO: 'on' });
const behind = AuthApp.forFile(() => ({ SEED_DEMO: 'on', DATABASE_URL: ahead.databaseUrl }));
let admin: string;
beforeAll(async () => {
  ahead.clock.advance(3_000);
  ({ access_token: admin } = await behind.login('admin@example.com'));
});

interface Client {
  readonly id: string;
  readonly secret: string;
}
const newClient = async (grants: string[]): Promise<Client> =>
  (
    await behind.call<Client>('POST', '/admin/clients', {
      token: admin,
      body: { name: 'worker', grants, scopes: ['orders:read'] },
    })
  ).body;

function form<Body>(auth: AuthApp, path: string, { id, secret }: Client, fields: object) {
  const body = new URLSearchParams({ client_id: id, client_secret: secret, ...fields }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return auth.call<Body>('POST', `/oauth/${path}`, { body, headers });
}

/** Small and good enough: the steps of a failed run can be had again by its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) / 2_147_483_647;
}

const seed = 1 + Math.floor(Math.random() * 2_147_483_645);

it(`ends the tokens of a client that were issued before, and no others, seed ${seed}`, async () => {
  const next = random(seed);
  const pick = <T>(...items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const introspector = await newClient(['introspect']);
  const clients = [
    await newClient(['client_credentials']),
    await newClient(['client_credentials']),
  ];
  const issued: { client: Client; token: string; isRevoked: boolean }[] = [];
  let claim = 0;

  const issue = async (client: Client) => {
    const fields = { grant_type: 'client_credentials', token_format: pick('jwt', 'reference') };
    const answer = await form<{ access_token: string }>(
      pick(ahead, behind),
      'token',
      client,
      fields,
    );
    expect(answer.status).toBe(200);
    issued.push({ client, token: answer.body.access_token, isRevoked: false });
  };
  const change = (auth: AuthApp, client: Client, body: object) =>
    auth.call('PATCH', `/admin/clients/${client.id}`, { token: admin, body });
  const revoke = async (client: Client) => {
    const auth = pick(ahead, behind);
    const end = pick(
      () => change(auth, client, { claims: { step: (claim += 1) } }),
      async () => {
        await change(auth, client, { disabled: true });
        return change(pick(ahead, behind), client, { disabled: false });
      },
      () =>
        auth.call('POST', '/admin/revocations', {
          token: admin,
          body: { kind: 'client', id: client.id },
        }),
    );
    expect([200, 201]).toContain((await end()).status);
    for (const token of issued) if (token.client === client) token.isRevoked = true;
  };

  for (let step = 0; step < STEPS; step++) await pick(issue, issue, revoke)(pick(...clients));
  expect(issued.some(({ isRevoked }) => isRevoked)).toBe(true);

  for (const auth of [ahead, behind]) {
    const active = await Promise.all(
      issued.map(async ({ token }) => {
        const { body } = await form<{ active: boolean }>(auth, 'introspect', introspector, {
          token,
        });
        return body.active;
      }),
    );
    expect(active).toEqual(issued.map(({ isRevoked }) => !isRevoked));
  }
});

it('ends the logins of users that were issued before, and no others', async () => {
  const status = async (auth: AuthApp, token: string): Promise<number> =>
    (await auth.call('GET', '/auth/me', { token })).status;
  const body = { kind: 'client', id: 'web' };
  for (const [issuer, revoker] of [
    [ahead, behind],
    [behind, ahead],
    [ahead, ahead],
  ] as const) {
    const { access_token: token } = await issuer.login('ada@example.com');
    const { access_token: root } = await revoker.login('admin@example.com');
    await revoker.call('POST', '/admin/revocations', { token: root, body });
    const { access_token: later } = await issuer.login('ada@example.com');
    for (const auth of [ahead, behind]) {
      await expect.poll(() => status(auth, token)).toBe(401);
      expect(await status(auth, later)).toBe(200);
    }
  }
});
