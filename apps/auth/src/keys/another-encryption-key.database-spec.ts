import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { settleKeysAtOnce } from '../testing/settled-keys.fixture.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import type { SigningKeyState } from './signing-key.entity.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
/** The active key, and its private half as it is stored. */
let kid: string;
let stored: Buffer;

// It rotates the keys when a test says so, and not in between.
beforeAll(() => auth.get(KeyWatch).onModuleDestroy());
beforeAll(() => settleKeysAtOnce(auth));
beforeEach(async () => {
  await auth.dataSource.query(`DELETE FROM signing_keys WHERE state = 'withdrawn'`);
  await auth.get(KeyRotationService).rotateIfDue();
  ({ access_token: admin } = await auth.login('admin@example.com'));
  const [active] = await auth.dataSource.query<{ kid: string; stored: Buffer }[]>(
    `SELECT kid, private_key AS stored FROM signing_keys WHERE state = 'active'`,
  );
  ({ kid, stored } = active!);
  // As if another process had encrypted it under a key that is not known to this one.
  await store(Buffer.of(0));
});
afterEach(async () => {
  auth.clock.reset();
  await store(stored);
});

const store = (privateKey: Buffer) =>
  auth.dataSource.query(
    `UPDATE signing_keys SET private_key = $1 WHERE state = 'active' AND kid = $2`,
    [privateKey, kid],
  );
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
  auth.clock.advance(31 * 24 * 3_600_000);
  const rotation = auth.get(KeyRotationService).rotateIfDue();
  await expect(rotation).rejects.toMatchObject({ code: 'cannot_make_keys' });
  expect(await states()).toEqual(before);
});

it('withdraws the next key, and leaves a new one to a process that can make it', async () => {
  const [active, next] = [await kidOf('active'), await kidOf('next')];
  expect((await post(`${next}/withdraw`)).status).toBe(200);
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
