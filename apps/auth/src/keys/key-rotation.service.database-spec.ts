import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Config } from '../config.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { settleKeysAtOnce } from '../testing/settled-keys.fixture.js';
import { KeyRing } from './key-ring.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyWatch } from './key-watch.js';
import { KeysError } from './keys.errors.js';
import { KeysRepository } from './keys.repository.js';

interface KeyAnswer {
  readonly kid: string;
  readonly state: string;
}

let auth: AuthApp;
let admin: string;

const start = async () => {
  auth = await AuthApp.start({ SEED_DEMO: 'on' });
  await settleKeysAtOnce(auth);
};
const logIn = async () => void ({ access_token: admin } = await auth.login('admin@example.com'));
const close = () => auth.close();

const keys = async (): Promise<KeyAnswer[]> =>
  (await auth.call<KeyAnswer[]>('GET', '/admin/keys', { token: admin })).body;
const kidOf = async (state: string): Promise<string> =>
  (await keys()).find((key) => key.state === state)?.kid ?? 'none';
const post = (path: string, token = admin) => auth.call('POST', `/admin/keys/${path}`, { token });
/** As if the next key had been published so long ago. It has to be for two seconds before it signs. */
const publishNext = (secondsAgo: number) =>
  auth.dataSource.query(
    `UPDATE signing_keys SET created_at = clock_timestamp() - make_interval(secs => $1)
     WHERE state = 'next'`,
    [secondsAgo],
  );
/** As if the active key had signed, and the next one been published, for so long. */
async function setAges(activeMs: number, nextMs: number): Promise<void> {
  const ago = (ms: number) => new Date(+auth.clock.now() - ms);
  await auth.dataSource.query(
    `UPDATE signing_keys SET activated_at = CASE state WHEN 'active' THEN $1::timestamptz END,
       created_at = CASE state WHEN 'next' THEN $2 ELSE created_at END
     WHERE state IN ('active', 'next')`,
    [ago(activeMs), ago(nextMs)],
  );
}
const rotate = () => post('rotate');
/** Each of them has found the same next key when the first one may change it. */
async function threeAtOnce<T>(work: () => Promise<T>): Promise<T[]> {
  const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const { all } = await auth.get(KeysRepository).change(async () => {
    const started = Promise.all([work(), work(), work()]);
    await expect.poll(() => auth.dataSource.query<object[]>(waiting)).toHaveLength(3);
    return { all: started };
  });
  return all;
}
/** What was recorded of an action of the administrator. */
const recorded = async (action: string, subject: string): Promise<object | undefined> => {
  const [event] = await auth.dataSource.query<object[]>(
    `SELECT users.email AS actor, address, detail FROM audit_events
     JOIN users ON users.id::text = actor WHERE action = $1 AND subject = $2`,
    [action, subject],
  );
  return event;
};
const published = (): string[] =>
  (JSON.parse(auth.get(KeyRing).jwks) as { keys: KeyAnswer[] }).keys.map(({ kid }) => kid);
const kidOfToken = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as KeyAnswer).kid;
const me = async (token: string) => (await auth.call('GET', '/auth/me', { token })).status;

describe('rotation', () => {
  beforeAll(start);
  beforeEach(logIn);
  afterAll(close);

  it('lets the published next key sign, and publishes a new next one', async () => {
    const [active, next] = [await kidOf('active'), await kidOf('next')];
    expect((await rotate()).status).toBe(200);
    expect([await kidOf('retired'), await kidOf('active')]).toEqual([active, next]);
    expect(published()).toEqual(expect.arrayContaining([active, next, await kidOf('next')]));
    const { access_token } = await auth.login('ada@example.com');
    expect(kidOfToken(access_token)).toBe(next);
    expect(await me(admin)).toBe(200);
    const by = { actor: 'admin@example.com', address: '127.0.0.1' };
    expect(await recorded('key.rotated', next)).toEqual({ ...by, detail: { retired: active } });
  });

  it('publishes what the key ring holds, for anyone, and for five minutes', async () => {
    const { status, headers, body } = await auth.call<object>('GET', '/.well-known/jwks.json');
    expect([status, body]).toEqual([200, JSON.parse(auth.get(KeyRing).jwks)]);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('by many at once is one', async () => {
    await rotate();
    const [before, next] = [await keys(), await kidOf('next')];
    const rotated = await threeAtOnce(() => post('rotate'));
    expect(rotated.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await kidOf('active')).toBe(next);
    expect(await keys()).toHaveLength(before.length + 1);
  });

  it('erases the private half of a key that signs no more', async () => {
    const signing = await kidOf('active');
    await rotate();
    const rows = await auth.dataSource.query<object[]>(
      `SELECT FROM signing_keys WHERE kid = $1 AND state = 'retired' AND private_key IS NULL`,
      [signing],
    );
    expect(rows).toHaveLength(1);
  });

  it('waits until every process publishes the key that is to sign', async () => {
    const calledAt = performance.now();
    await publishNext(1.6);
    await rotate();
    expect(performance.now() - calledAt).toBeGreaterThan(250);
  });

  it('is one to the key after the next one, if that is withdrawn meanwhile', async () => {
    const [active, next] = [await kidOf('active'), await kidOf('next')];
    await publishNext(1);
    const rotated = rotate();
    await post(`${next}/withdraw`);
    const after = await kidOf('next');
    expect((await rotated).status).toBe(200);
    const states = Object.fromEntries((await keys()).map(({ kid, state }) => [kid, state]));
    expect(states).toMatchObject({ [active]: 'retired', [next]: 'withdrawn', [after]: 'active' });
  });

  it('is for administrators, as the list is, which shows no key material', async () => {
    await auth.register('eve@example.com');
    const { access_token: eve } = await auth.login('eve@example.com');
    expect((await post('rotate', eve)).body.code).toBe('insufficient_role');
    expect((await auth.call('GET', '/admin/keys')).body.code).toBe('token_missing');
    const members = ['activatedAt', 'createdAt', 'kid', 'retiredAt', 'state'];
    for (const key of await keys()) expect(Object.keys(key).sort()).toEqual(members);
    for (const row of await auth.get(KeyRotationService).list()) {
      expect(row).not.toHaveProperty('privateKey');
    }
  });

  it('makes the keys that the list begins with', async () => {
    await rotate();
    const made = (await auth.get(KeyRotationService).list()).map(({ createdAt }) => +createdAt);
    expect(made).toEqual(made.toSorted((a, b) => b - a));
    expect(new Set(made).size).toBeGreaterThan(1);
  });
});

describe('withdrawal', () => {
  beforeAll(start);
  beforeEach(logIn);
  afterAll(close);

  it.each(['active', 'next', 'retired'])('ends the %s key, and others go on', async (state) => {
    if (state === 'retired') await rotate();
    const kid = await kidOf(state);
    expect((await post(`${kid}/withdraw`)).status).toBe(200);
    // It may have signed the administrator's own token.
    ({ access_token: admin } = await auth.login('admin@example.com'));
    expect(await me(admin)).toBe(200);
    expect(await keys()).toContainEqual(expect.objectContaining({ kid, state: 'withdrawn' }));
    expect(published()).not.toContain(kid);
    const { body } = await auth.call<{ entries: object[] }>('GET', '/revocations');
    expect(body.entries).toContainEqual(expect.objectContaining({ kind: 'kid', id: kid }));
    const by = { actor: 'admin@example.com', address: '127.0.0.1' };
    expect(await recorded('key.withdrawn', kid)).toMatchObject(by);
  });

  it('kills the tokens of the key, and no refresh token', async () => {
    const session = await auth.login('admin@example.com');
    await post(`${await kidOf('active')}/withdraw`);
    expect(await me(admin)).toBe(401);
    expect(await me(session.access_token)).toBe(401);
    const { body } = await auth.refresh(session.refresh_token);
    expect(await me(body.access_token)).toBe(200);
  });

  it('twice is once, and of a key that never was is 404', async () => {
    const kid = await kidOf('next');
    await post(`${kid}/withdraw`);
    const before = await keys();
    expect((await post(`${kid}/withdraw`)).status).toBe(200);
    expect(await keys()).toEqual(before);
    const events = `SELECT FROM audit_events WHERE action = 'key.withdrawn' AND subject = $1`;
    expect(await auth.dataSource.query<object[]>(events, [kid])).toHaveLength(1);
    const unknown = await post(`${randomBytes(8).toString('hex')}/withdraw`);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('follows a revocation of the key, and passes over one of a key that never was', async () => {
    const kid = await kidOf('next');
    const revoke = (id: string) =>
      auth.call('POST', '/admin/revocations', { token: admin, body: { kind: 'kid', id } });
    expect((await revoke(kid)).status).toBe(201);
    expect(await keys()).toContainEqual(expect.objectContaining({ kid, state: 'withdrawn' }));
    const before = await keys();
    expect((await revoke('of-another-issuer')).status).toBe(201);
    expect(await keys()).toEqual(before);
  });

  it.each([
    ['an outage', new Error('away')],
    ['another error of keys', new KeysError('no_active_key', 'none')],
    ['an error of another kind', Object.assign(new Error(), { code: 'key_not_found' })],
  ])('by a revocation does not hide %s', async (_, error) => {
    const spy = vi.spyOn(auth.get(KeysRepository), 'change').mockRejectedValue(error);
    const origin = { address: '192.0.2.1', userAgent: null, requestId: 'x' };
    const withdrawal = auth.get(KeyRotationService).withdrawIfKnown('a', { actor: null, origin });
    await expect(withdrawal).rejects.toBe(error);
    spy.mockRestore();
  });
});

describe('time', () => {
  beforeAll(start);
  // It rotates and reads the keys when a test says so, and not in between.
  beforeAll(() => auth.get(KeyWatch).onModuleDestroy());
  beforeEach(async () => {
    auth.clock.reset();
    await auth.dataSource.query(`DELETE FROM signing_keys WHERE state = 'retired'`);
    await auth.get(KeyRing).reload();
    await logIn();
  });
  afterAll(close);

  it('ends the publication of a retired key when no token of it can live any more', async () => {
    const retired = await kidOf('active');
    await post('rotate');
    // However short tokens are by now: it may have signed some that live for a day.
    auth.clock.advance(24 * 3_600_000 + 30_000);
    await auth.get(KeyRing).reload();
    // A process whose clock is behind may have retired it.
    expect(published()).toContain(retired);
    auth.clock.advance(60_000);
    await auth.get(KeyRing).reload();
    expect(published()).not.toContain(retired);
  });

  it('rotates the key only when it has signed, and the next one is published, for long enough', async () => {
    auth.clock.stop();
    const { signingKeyRotationMs: life, signingKeyPublishAheadMs: ahead } = auth.get(Config);
    const [active, next] = [await kidOf('active'), await kidOf('next')];
    const rotation = auth.get(KeyRotationService);
    for (const ages of [
      [life - 1, ahead],
      [life, ahead - 1],
    ] as const) {
      await setAges(...ages);
      await rotation.rotateIfDue();
      expect(await kidOf('active')).toBe(active);
    }
    await setAges(life, ahead);
    await rotation.rotateIfDue();
    expect(await kidOf('active')).toBe(next);
    const [event] = await auth.dataSource.query<object[]>(
      `SELECT actor, subject, detail FROM audit_events
       WHERE action = 'key.rotated' AND subject = $1`,
      [next],
    );
    expect(event).toEqual({ actor: null, subject: next, detail: { retired: active } });
    await rotation.rotateIfDue();
    expect(await kidOf('active')).toBe(next);
  });

  it('rotates the key once, of many processes that find it due at once', async () => {
    const { signingKeyRotationMs, signingKeyPublishAheadMs } = auth.get(Config);
    await setAges(signingKeyRotationMs, signingKeyPublishAheadMs);
    const [next, before] = [await kidOf('next'), await keys()];
    await threeAtOnce(() => auth.get(KeyRotationService).rotateIfDue());
    expect(await kidOf('active')).toBe(next);
    expect(await keys()).toHaveLength(before.length + 1);
  });

  it('rotates no key while so many are published that a service might not read them', async () => {
    const active = await kidOf('active');
    await auth.dataSource.query(
      `INSERT INTO signing_keys (kid, state, public_key, created_at, activated_at, retired_at)
       SELECT 'retired ' || n, 'retired', public_key, now(), now(), now()
       FROM signing_keys, generate_series(1, 98) n WHERE state = 'active'`,
    );
    await auth.get(KeyRing).reload();
    expect(published()).toHaveLength(100);
    expect(Buffer.byteLength(auth.get(KeyRing).jwks)).toBeLessThan(56 * 1024);
    const { status, body } = await post('rotate');
    expect([status, body.code]).toEqual([409, 'conflict']);
    const { signingKeyRotationMs, signingKeyPublishAheadMs } = auth.get(Config);
    const rotation = auth.get(KeyRotationService);
    await rotation.rotateIfDue();
    await setAges(signingKeyRotationMs, signingKeyPublishAheadMs);
    await expect(rotation.rotateIfDue()).rejects.toMatchObject({ code: 'too_many_keys' });
    expect(await kidOf('active')).toBe(active);
    await auth.dataSource.query(`DELETE FROM signing_keys WHERE kid = 'retired 1'`);
    await auth.get(KeyRing).reload();
    await rotation.rotateIfDue();
    expect(await kidOf('active')).not.toBe(active);
  });
});

describe('a process that cannot decrypt the next key', () => {
  beforeEach(start);
  beforeEach(logIn);
  afterEach(close);

  it.each(['rotate', 'withdraw'])('answers that a %s is done, as it is', async (action) => {
    const [active, next] = [await kidOf('active'), await kidOf('next')];
    await auth.dataSource.query(
      `UPDATE signing_keys SET private_key = 'of another key' WHERE kid = $1`,
      [next],
    );
    const { status } = await post(action === 'rotate' ? action : `${active}/${action}`);
    expect(status).toBe(200);
    expect(auth.get(KeyRing).canSign).toBe(false);
    expect(await auth.get(KeyRotationService).list()).toContainEqual(
      expect.objectContaining({ kid: next, state: 'active' }),
    );
  });
});
