import { afterEach, beforeEach, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import type { SigningKeyState } from './signing-key.entity.js';

let auth: AuthApp;
let admin: string;
/** The private half of the active key, as it is stored. */
let stored: Buffer;

beforeEach(async () => {
  auth = await AuthApp.start({ SEED_DEMO: 'on' });
  ({ access_token: admin } = await auth.login('admin@example.com'));
  const [active] = await auth.dataSource.query<{ key: Buffer }[]>(
    `SELECT private_key AS key FROM signing_keys WHERE state = 'active'`,
  );
  stored = active!.key;
  // As if another process had encrypted it under a key that is not known to this one.
  await store(Buffer.of(0));
  await auth.dataSource.query(
    `UPDATE signing_keys SET created_at = created_at - interval '2 s' WHERE state = 'next'`,
  );
});
afterEach(() => auth.close());

const store = (privateKey: Buffer) =>
  auth.dataSource.query(`UPDATE signing_keys SET private_key = $1 WHERE state = 'active'`, [
    privateKey,
  ]);
const states = async (): Promise<Partial<Record<string, SigningKeyState>>> =>
  Object.fromEntries(
    (await auth.get(KeyRotationService).list()).map(({ kid, state }) => [kid, state]),
  );
const kidOf = async (state: SigningKeyState): Promise<string> =>
  Object.entries(await states()).find((key) => key[1] === state)?.[0] ?? 'none';
const post = (path: string) => auth.call('POST', `/admin/keys/${path}`, { token: admin });

it('rotates no key, as it would make one that the others cannot decrypt', async () => {
  const before = await states();
  expect(await post('rotate')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  await auth.get(KeyWatch).onModuleDestroy();
  auth.clock.advance(31 * 24 * 3_600_000);
  const rotation = auth.get(KeyRotationService).rotateIfDue();
  await expect(rotation).rejects.toMatchObject({ code: 'cannot_make_keys' });
  expect(await states()).toEqual(before);
});

it('withdraws the next key, and leaves a new one to a process that can make it', async () => {
  const [active, next] = [await kidOf('active'), await kidOf('next')];
  expect((await post(`${next}/withdraw`)).status).toBe(200);
  await auth.get(KeyWatch).onModuleDestroy();
  expect(await states()).toEqual({ [active]: 'active', [next]: 'withdrawn' });
  await store(stored);
  await auth.get(KeyRotationService).rotateIfDue();
  expect(await states()).toEqual({
    [active]: 'active',
    [next]: 'withdrawn',
    [await kidOf('next')]: 'next',
  });
});

it('keeps the active key while there is no next one, and says why', async () => {
  await auth.get(KeyWatch).onModuleDestroy();
  const [active, next] = [await kidOf('active'), await kidOf('next')];
  expect((await post(`${next}/withdraw`)).status).toBe(200);
  const refused = { status: 409, body: { code: 'conflict' } };
  expect(await post(`${active}/withdraw`)).toMatchObject(refused);
  expect(await post('rotate')).toMatchObject(refused);
  expect(await states()).toEqual({ [active]: 'active', [next]: 'withdrawn' });
  await store(stored);
  expect((await post(`${active}/withdraw`)).status).toBe(200);
  expect(await states()).toMatchObject({
    [active]: 'withdrawn',
    [await kidOf('active')]: 'active',
  });
});

it('withdraws the active key', async () => {
  const [active, next] = [await kidOf('active'), await kidOf('next')];
  expect((await post(`${active}/withdraw`)).status).toBe(200);
  // The one that signs now was made under the key that this process has.
  expect(await states()).toMatchObject({ [active]: 'withdrawn', [next]: 'active' });
});
