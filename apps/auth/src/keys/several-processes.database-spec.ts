import { RevocationList } from '@jwt-auth/jwt-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { KeyRing } from './key-ring.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import { SETTLING_MS, type CurrentState } from './signing-key.entity.js';

let auth: AuthApp;
let other: AuthApp;
let admin: string;

beforeEach(async () => {
  auth = await AuthApp.start({ SEED_DEMO: 'on' });
  other = await AuthApp.start({ DATABASE_URL: auth.databaseUrl, SEED_DEMO: 'off' });
  ({ access_token: admin } = await auth.login('admin@example.com'));
});
afterEach(async () => {
  await other.close();
  await auth.close();
});

const kidOf = async (state: CurrentState): Promise<string> =>
  (await auth.get(KeyRotationService).list()).find((key) => key.state === state)?.kid ?? 'none';
const post = async (path: string) =>
  expect((await auth.call('POST', `/admin/keys/${path}`, { token: admin })).status).toBe(200);
const kidOfToken = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
    .kid;

describe('auth processes on one database', () => {
  it('rotate the key when it is time, all of them', async () => {
    const next = await kidOf('next');
    auth.clock.advance(31 * 24 * 3_600_000);
    await expect.poll(() => other.get(KeyRing).active.kid).toBe(next);
    expect(auth.get(KeyRing).active.kid).toBe(next);
  });

  it('follow a change at once', async () => {
    // It looks for none by itself.
    clearInterval(Reflect.get(other.get(KeyWatch), 'timer') as NodeJS.Timeout);
    const next = await kidOf('next');
    await post('rotate');
    await expect.poll(() => other.get(KeyRing).active.kid).toBe(next);
  });

  it('sign with a key that nobody knew only once all know it', async () => {
    const { refresh_token } = await auth.login('admin@example.com');
    const [active, next] = [await kidOf('active'), await kidOf('next')];
    await post(`${next}/withdraw`);
    // For a second the other process looks up no further one.
    await other.get(KeyRing).find('made up');
    await post(`${active}/withdraw`);
    const { access_token: token } = (await auth.refresh(refresh_token)).body;
    const [{ age }] = await auth.dataSource.query<[{ age: number }]>(
      `SELECT (1000 * extract(epoch FROM clock_timestamp() - created_at))::float8 AS age
       FROM signing_keys WHERE kid = $1`,
      [kidOfToken(token)],
    );
    expect(age).toBeGreaterThanOrEqual(SETTLING_MS);
    expect((await other.call('GET', '/auth/me', { token })).status).toBe(200);
  });

  it('hold no connection while they wait to sign', async () => {
    const { refresh_token } = await auth.login('ada@example.com');
    const { body: client } = await auth.call<{ id: string; secret: string }>(
      'POST',
      '/admin/clients',
      { token: admin, body: { name: 'x', grants: ['client_credentials'], scopes: [] } },
    );
    const authorization = `Basic ${btoa(`${client.id}:${client.secret}`)}`;
    let settle = (): void => undefined;
    const gate = new Promise<void>((resolve) => (settle = resolve));
    const settled = vi.spyOn(auth.get(KeyRing), 'settled').mockReturnValue(gate);
    await post(`${await kidOf('next')}/withdraw`);
    await post(`${await kidOf('active')}/withdraw`);
    const body = { email: 'ada@example.com', password: PASSWORD };
    const waiting = [
      auth.call('POST', '/auth/login', { body }),
      auth.refresh(refresh_token),
      auth.call('POST', '/oauth/token', {
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials',
      }),
    ];
    await expect.poll(() => settled.mock.calls.length).toBe(waiting.length);
    const inTransaction = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'idle in transaction'`;
    // Other work of the process may have one for a moment.
    await expect.poll(() => auth.dataSource.query<object[]>(inTransaction)).toEqual([]);
    settled.mockRestore();
    settle();
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  });

  it('sign no more with a withdrawn key as soon as the feed has reached them', async () => {
    // It neither gets notifications nor looks for changes.
    await other.get(KeyWatch).onModuleDestroy();
    const kid = await kidOf('active');
    const { refresh_token } = await auth.login('admin@example.com');
    await post(`${kid}/withdraw`);
    await expect.poll(() => other.get(RevocationList).isKeyRevoked(kid)).toBe(true);
    const { body } = await other.refresh(refresh_token);
    expect(kidOfToken(body.access_token)).toBe(auth.get(KeyRing).active.kid);
  });
});
