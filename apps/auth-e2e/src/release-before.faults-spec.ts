import {
  authSettings,
  call,
  outcome,
  freePort,
  startApp,
  type App,
  type RunningApp,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administrator } from './administrator.js';
import {
  buildReleaseBefore,
  hasReleaseBefore,
  oldestPostgres,
  type AppName,
} from './release-before.js';
import { queryAt } from './stack.js';
import { login, newEmail, PASSWORD, type TokenResponse } from './users.js';

/** An auth and an orders process of each release, on one database of each app. */
type Release = Record<AppName, RunningApp>;

const RELEASES = [
  ['the release before', 'this release'],
  ['this release', 'the release before'],
] as const;

const [server] = await queryAt<{ major: number }>(
  await freshDatabase(),
  `SELECT current_setting('server_version_num')::int / 10000 AS major`,
);
const isTooOld = server!.major < oldestPostgres;

// Without history (a source archive, a shallow checkout), a comparison of the schemas must do:
// apps/*/src/database/release-before.database-spec.ts.
describe.skipIf(isTooOld || !hasReleaseBefore())('this release beside the release before', () => {
  const releases = new Map<string, Release>();
  const release = (name: string): Release => releases.get(name)!;
  const duringUpgrade = new Map<string, number>();

  beforeAll(async () => {
    const before = await buildReleaseBefore();
    const ports = [await freePort(), await freePort()];
    const issuer = `http://127.0.0.1:${ports[0]}`;
    const auth = authSettings({ DATABASE_URL: await freshDatabase(), ISSUER: issuer });
    const orders = { ORDERS_DATABASE_URL: await freshDatabase(), ISSUER: issuer };
    const start = async (apps: Record<AppName, App> | undefined, port: number | undefined) => ({
      auth: await startApp(apps?.auth ?? 'auth', { env: auth, port: port! }),
      orders: await startApp(apps?.orders ?? 'orders', { env: orders }),
    });
    const old = await start(before, ports[0]);
    releases.set('the release before', old);
    // The migrations of this release run under the traffic of the release before.
    const traffic = new AbortController();
    const driven = drive(old, traffic.signal);
    releases.set('this release', await start(undefined, ports[1]));
    traffic.abort();
    await driven;
  });
  afterAll(async () => {
    const apps = [...releases.values()].flatMap((each) => Object.values(each));
    await Promise.all(apps.map((app) => app.stop()));
  });

  it('does not disturb the release before while it migrates', () => {
    expect([...duringUpgrade.keys()]).toEqual(['ok']);
    expect(duringUpgrade.get('ok')).toBeGreaterThan(5);
  });

  it.each(RELEASES)('refreshes and ends at %s what was begun at %s', async (here, there) => {
    const { access_token: token, refresh_token } = await newUser(release(there));
    const refreshed = await call<TokenResponse>(`${release(here).auth.url}/auth/refresh`, {
      body: { refresh_token },
    });
    expect(refreshed.status).toBe(200);
    for (const each of releases.values()) expect(await verdict(each, token)).toBe('ok');
    const logout = { method: 'POST', token: refreshed.body.access_token };
    expect((await call(`${release(here).auth.url}/auth/logout`, logout)).status).toBe(204);
    await expectRevoked(token, refreshed.body.access_token);
    const again = { body: { refresh_token: refreshed.body.refresh_token } };
    expect((await call(`${release(there).auth.url}/auth/refresh`, again)).status).toBe(401);
  });

  it.each(RELEASES)('disables at %s a client that was made at %s', async (here, there) => {
    const administrator = await Administrator.login(release(there).auth.url);
    const { body: client } = await administrator.call<{ id: string; secret: string }>(
      release(there).auth.url,
      'clients',
      { body: { name: 'both', grants: ['client_credentials'], scopes: ['orders:read'] } },
    );
    const tokens = [];
    for (const each of releases.values()) tokens.push(await tokenOf(each, client));
    expect(tokens).not.toContain(undefined);
    const path = `clients/${client.id}`;
    // A token of the release before does not say when its user logged in, which this one demands.
    const again = await Administrator.login(release(here).auth.url);
    const answer = await again.call(release(here).auth.url, path, { method: 'DELETE' });
    expect(answer.status).toBe(204);
    await expectRevoked(...(tokens as string[]));
    for (const each of releases.values()) expect(await tokenOf(each, client)).toBeUndefined();
  });

  it.each(RELEASES)(
    'signs with a key that was rotated at %s, at %s as well',
    async (here, there) => {
      const administrator = await Administrator.login(release(here).auth.url);
      await administrator.call(release(here).auth.url, 'keys/rotate', { method: 'POST' });
      for (const name of [here, there]) {
        const { access_token: token } = await newUser(release(name));
        for (const each of releases.values()) {
          await expect.poll(() => verdict(each, token)).toBe('ok');
        }
      }
    },
  );

  it.each(RELEASES)('counts at %s the guesses made at %s', async (here, there) => {
    const email = newEmail();
    await call(`${release(there).auth.url}/auth/register`, { body: { email, password: PASSWORD } });
    const guess = { body: { email, password: 'not the password' } };
    for (let n = 0; n < 12; n += 1) await call(`${release(there).auth.url}/auth/login`, guess);
    const answer = await call(`${release(here).auth.url}/auth/login`, guess);
    expect(answer.status).toBe(429);
  });

  it.each(RELEASES)('reads and cancels at %s an order placed at %s', async (here, there) => {
    const { access_token: token } = await newUser(release(there));
    const item = { sku: 'tea', quantity: 1, unitPrice: 250 };
    const order = { token, body: { currency: 'EUR', items: [item] } };
    const placed = await call(`${release(there).orders.url}/orders`, order);
    expect(placed.status).toBe(201);
    const path = `${release(here).orders.url}/orders/${String(placed.body['id'])}`;
    expect((await call(path, { token })).body).toEqual(placed.body);
    expect((await call(`${path}/cancel`, { method: 'POST', token })).body).toMatchObject({
      status: 'cancelled',
    });
  });

  async function expectRevoked(...tokens: string[]): Promise<void> {
    for (const each of releases.values()) {
      for (const token of tokens) {
        await expect.poll(() => verdict(each, token)).toBe('token_revoked');
      }
    }
  }

  /** Logs in and refreshes without a pause. */
  async function drive({ auth }: Release, signal: AbortSignal): Promise<void> {
    let { refresh_token } = await newUser({ auth });
    while (!signal.aborted) {
      const answer = await call<TokenResponse>(`${auth.url}/auth/refresh`, {
        body: { refresh_token },
      });
      const result = String(outcome(answer));
      duringUpgrade.set(result, (duringUpgrade.get(result) ?? 0) + 1);
      if (answer.status === 200) refresh_token = answer.body.refresh_token;
    }
  }
});

async function newUser({ auth }: Pick<Release, 'auth'>): Promise<TokenResponse> {
  const email = newEmail();
  await call(`${auth.url}/auth/register`, { body: { email, password: PASSWORD } });
  return login(auth.url, email);
}

async function verdict({ orders }: Release, token: string): Promise<unknown> {
  return outcome(await call(`${orders.url}/orders`, { token }));
}

async function tokenOf(
  { auth }: Release,
  { id, secret }: { id: string; secret: string },
): Promise<string | undefined> {
  const { body } = await call<Partial<TokenResponse>>(`${auth.url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  return body.access_token;
}
