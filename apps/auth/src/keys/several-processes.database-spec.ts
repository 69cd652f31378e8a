import { RevocationList } from '@jwt-auth/jwt-core';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { KeyRing } from './key-ring.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import { SETTLING_MS, type CurrentState } from './signing-key.entity.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
const other = AuthApp.forFile(() => ({ DATABASE_URL: auth.databaseUrl }));
let admin: string;

beforeEach(async () => {
  await ageNext();
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

/** As if all processes had known the next key for long. */
const ageNext = () =>
  auth.dataSource.query(
    `UPDATE signing_keys SET created_at = created_at - interval '1 hour' WHERE state = 'next'`,
  );
/** From the next test on the other process looks for changes again. */
const lookAgain = () => onTestFinished(() => other.get(KeyWatch).onApplicationBootstrap());

const kidOf = async (state: CurrentState): Promise<string> =>
  (await auth.get(KeyRotationService).list()).find((key) => key.state === state)?.kid ?? 'none';
const post = async (path: string) =>
  expect((await auth.call('POST', `/admin/keys/${path}`, { token: admin })).status).toBe(200);
const kidOfToken = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
    .kid;

describe('auth processes on one database', () => {
  it('follow a change at once', async () => {
    // It looks for none by itself.
    lookAgain();
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
    await ageNext();
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
    lookAgain();
    await other.get(KeyWatch).onModuleDestroy();
    const kid = await kidOf('active');
    const { refresh_token } = await auth.login('admin@example.com');
    await post(`${kid}/withdraw`);
    await expect.poll(() => other.get(RevocationList).isKeyRevoked(kid)).toBe(true);
    const { body } = await other.refresh(refresh_token);
    expect(kidOfToken(body.access_token)).toBe(auth.get(KeyRing).active.kid);
  });

  // The last one: the new keys are of a month that is still to come.
  it('rotate the key when it is time, all of them', async () => {
    const next = await kidOf('next');
    auth.clock.advance(31 * 24 * 3_600_000);
    await expect.poll(() => other.get(KeyRing).active.kid).toBe(next);
    expect(auth.get(KeyRing).active.kid).toBe(next);
  });
});
