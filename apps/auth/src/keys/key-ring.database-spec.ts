import {
  createHash,
  createPublicKey,
  randomBytes,
  sign,
  verify,
  type JsonWebKey,
} from 'node:crypto';

import { openDatabase } from '@jwt-auth/chassis';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Clock } from '../clock.js';
import { authDatabase } from '../database/auth-database.js';
import { migratedDatabase } from '../testing/migrated-database.fixture.js';
import { EncryptionKeys } from './key-encryption.js';
import { KeyRing } from './key-ring.js';
import { KeysRepository, type NewSigningKey } from './keys.repository.js';
import { newSigningKey } from './new-signing-key.js';
import { SigningKey, type SigningKeyState } from './signing-key.entity.js';

Logger.overrideLogger(false);
const encryptionKey = randomBytes(32);
const encryptionKeys = new EncryptionKeys(encryptionKey);
let database: DataSource;
/** What the first start wrote. */
let firstKeys: SigningKey[];

beforeAll(async () => {
  database = await openDatabase(authDatabase(await migratedDatabase()));
  await database.manager.deleteAll(SigningKey);
  await open();
  firstKeys = await rows();
});
beforeEach(async () => {
  await database.manager.deleteAll(SigningKey);
  await database.manager.insert(SigningKey, firstKeys);
});
afterAll(() => database.destroy());

const open = (
  key = encryptionKey,
  previous?: Buffer,
  keys = new KeysRepository(database),
): Promise<KeyRing> =>
  KeyRing.open({
    keys,
    encryptionKeys: new EncryptionKeys(key, previous),
    clock: new Clock(),
    retiredLifeMs: 60_000,
  });

const rows = (): Promise<SigningKey[]> =>
  database.manager.find(SigningKey, { order: { kid: 'ASC' } });

const insert = (key: NewSigningKey): Promise<void> =>
  new KeysRepository(database).insert(database.manager, key, new Date());

const retire = (state: SigningKeyState): Promise<unknown> =>
  database.query(
    `UPDATE signing_keys SET state = 'retired', retired_at = now(), private_key = NULL
     WHERE state = $1`,
    [state],
  );

type PublishedJwk = JsonWebKey & { kid: string };
const jwksOf = (ring: KeyRing): PublishedJwk[] =>
  (JSON.parse(ring.jwks) as { keys: PublishedJwk[] }).keys;

describe('at the first start', () => {
  it('makes a key that signs and publishes one that will', async () => {
    const ring = await open();
    const made = Object.fromEntries((await rows()).map((key) => [key.state, key]));
    expect(Object.keys(made).sort()).toEqual(['active', 'next']);
    expect(made.active?.activatedAt).toEqual(made.active?.createdAt);
    expect(made.next?.activatedAt).toBeNull();
    const published = jwksOf(ring).find(({ kid }) => kid === ring.active.kid);
    const signature = sign('sha256', Buffer.from('text'), ring.active.privateKey);
    const publicKey = createPublicKey({ key: published ?? {}, format: 'jwk' });
    expect(verify('sha256', Buffer.from('text'), publicKey, signature)).toBe(true);
  });

  it('makes them once when many processes start', async () => {
    await database.manager.deleteAll(SigningKey);
    const rings = await Promise.all([1, 2, 3, 4].map(() => open()));
    expect(await rows()).toHaveLength(2);
    expect(new Set(rings.map(({ active }) => active.kid)).size).toBe(1);
    expect(new Set(rings.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  it('names each key by its RFC 7638 thumbprint', async () => {
    for (const { kid, e, kty, n } of jwksOf(await open())) {
      const thumbprint = createHash('sha256').update(JSON.stringify({ e, kty, n }));
      expect(kid).toBe(thumbprint.digest('base64url'));
    }
  });

  it('publishes RSA keys of 2048 bits, and of each the public members alone', async () => {
    for (const jwk of jwksOf(await open())) {
      expect(Object.keys(jwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(jwk).toMatchObject({ kty: 'RSA', use: 'sig', alg: 'RS256', e: 'AQAB' });
      expect(Buffer.from(jwk.n ?? '', 'base64url')).toHaveLength(256);
    }
  });

  it('publishes them in the order in which they were made', async () => {
    const { kid: older } = (await rows()).find(({ state }) => state === 'next')!;
    const dayBefore = `UPDATE signing_keys SET created_at = created_at - interval '1 day'`;
    await database.query(`${dayBefore} WHERE kid = $1`, [older]);
    expect(jwksOf(await open())[0]?.kid).toBe(older);
  });

  // threat:row-swapping
  it('stores no private key that can be read', async () => {
    await open();
    const dump = JSON.stringify(await database.query('SELECT k::text FROM signing_keys k'));
    expect(dump).not.toMatch(/PRIVATE|"d":/);
  });
});

describe('at a later start', () => {
  it('finds the same keys', async () => {
    const [before, after] = [await open(), await open()];
    expect(after.active.kid).toBe(before.active.kid);
    expect(after.active.privateKey.equals(before.active.privateKey)).toBe(true);
    expect(after.jwks).toBe(before.jwks);
  });

  it('makes the one that is missing, and writes nothing else', async () => {
    for (const state of ['active', 'next'] as const) {
      await database.manager.delete(SigningKey, { state });
      const left = await rows();
      await open();
      const made = (await rows()).filter(({ kid }) => kid !== left[0]?.kid);
      expect(made.map((key) => key.state)).toEqual([state]);
      expect(await rows()).toEqual(expect.arrayContaining(left));
    }
  });

  it('stops under another encryption key, and overwrites nothing', async () => {
    await open();
    await database.query(`DELETE FROM signing_keys WHERE state = 'next'`);
    const before = await rows();
    await expect(open(randomBytes(32))).rejects.toMatchObject({ code: 'wrong_encryption_key' });
    expect(await rows()).toEqual(before);
  });
});

describe('under a new encryption key, with the previous one beside it', () => {
  it('finds the same keys, and stores them under the new one', async () => {
    const before = await open();
    const newKey = randomBytes(32);
    const during = await open(newKey, encryptionKey);
    expect(during.active.privateKey.equals(before.active.privateKey)).toBe(true);
    const after = await open(newKey);
    expect(after.jwks).toBe(before.jwks);
    await expect(open()).rejects.toMatchObject({ code: 'wrong_encryption_key' });
  });
});

describe('when another process changes the keys', () => {
  /** The next key signs, and there is a new next one. */
  async function rotate(): Promise<void> {
    await retire('active');
    await database.query(`UPDATE signing_keys SET state = 'active' WHERE state = 'next'`);
    await insert(await newSigningKey('next', encryptionKeys));
  }

  it('takes them over, and notifies its listener', async () => {
    const ring = await open();
    const [active, next] = [
      ring.active.kid,
      jwksOf(ring).find(({ kid }) => kid !== ring.active.kid),
    ];
    const { fingerprint } = ring;
    const listener = vi.fn();
    ring.onChange(listener);
    await rotate();
    await ring.reload();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(ring.active.kid).toBe(next?.kid);
    expect(ring.fingerprint).not.toBe(fingerprint);
    expect(jwksOf(ring)).toHaveLength(3);
    expect(ring.get(active)).toBeDefined();
  });

  it('keeps a key object for as long as the key is published', async () => {
    const ring = await open();
    const key = ring.get(ring.active.kid);
    await rotate();
    await ring.reload();
    expect(ring.get(key?.kid ?? '')).toBe(key);
    await database.query(`UPDATE signing_keys SET state = 'withdrawn' WHERE kid = $1`, [key?.kid]);
    await ring.reload();
    expect(ring.get(key?.kid ?? '')).toBeUndefined();
  });

  it('decrypts the key that signs once', async () => {
    const ring = await open();
    const { active } = ring;
    await retire('next');
    await insert(await newSigningKey('next', encryptionKeys));
    await ring.reload();
    expect(jwksOf(ring)).toHaveLength(3);
    expect(ring.active).toBe(active);
  });

  it('does not notify its listener when nothing has changed', async () => {
    const ring = await open();
    const listener = vi.fn();
    ring.onChange(listener);
    await ring.reload();
    expect(listener).not.toHaveBeenCalled();
  });

  it('follows what is published, and signs nothing, when it cannot decrypt the new one', async () => {
    const ring = await open();
    const { kid } = ring.active;
    const foreign = await newSigningKey('active', new EncryptionKeys(randomBytes(32)));
    await database.query(
      `UPDATE signing_keys SET state = 'withdrawn', private_key = NULL WHERE state = 'active'`,
    );
    await insert(foreign);
    await expect(ring.reload()).rejects.toMatchObject({ code: 'wrong_encryption_key' });
    await expect(ring.reload()).rejects.toMatchObject({ code: 'wrong_encryption_key' });
    expect([ring.get(kid), ring.get(foreign.kid)?.kid]).toEqual([undefined, foreign.kid]);
    expect(() => ring.active).toThrow('KEY_ENCRYPTION_KEY');
    expect(ring.canSign).toBe(false);
  });

  it('keeps what it has when the database is away, or has no key that signs', async () => {
    const ring = await open();
    const { jwks, active } = ring;
    await retire('active');
    await expect(ring.reload()).rejects.toMatchObject({ code: 'no_active_key' });
    await database.destroy();
    await expect(ring.reload()).rejects.toThrow();
    expect([ring.jwks, ring.active]).toEqual([jwks, active]);
    await database.initialize();
  });
});

describe('an unknown kid', () => {
  it('is looked up, but not again within a second, by any caller', async () => {
    // Before the ring, as a slow machine takes more than a second to make one.
    const late = await newSigningKey('next', encryptionKeys);
    const ring = await open();
    await retire('next');
    await insert(late);
    const query = vi.spyOn(database.manager, 'find');
    await expect(Promise.all([1, 2, 3].map((n) => ring.find(`made up ${n}`)))).resolves.toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(query).not.toHaveBeenCalled();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_000);
    const found = await Promise.all([1, 2, 3].map(() => ring.find(late.kid)));
    expect(found.map((key) => key?.kid)).toEqual([late.kid, late.kid, late.kid]);
    expect(query).toHaveBeenCalledTimes(1);
    clock.mockRestore();
  });

  it('cannot be distinguished from a new one while the database is away', async () => {
    const ring = await open();
    await database.destroy();
    const refusal = () => ring.find('made up').catch((error: unknown) => error);
    await expect.poll(refusal).toMatchObject({
      code: 'keys_unavailable',
      cause: expect.any(Error) as Error,
    });
    await database.initialize();
  });

  it('cannot be known, and is not looked up, while the keys cannot be followed', async () => {
    const keys = new KeysRepository(database);
    const ring = await open(encryptionKey, undefined, keys);
    const published = vi.spyOn(keys, 'published').mockRejectedValue(new Error('away'));
    await expect(ring.reload()).rejects.toThrow('away');
    const unknown = { code: 'keys_unavailable' };
    await expect(ring.find('of another process')).rejects.toMatchObject(unknown);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_000);
    await expect(ring.find('of another process')).rejects.toMatchObject(unknown);
    // Or each caller waits for a connection.
    expect(published).toHaveBeenCalledTimes(1);
    for (const spy of [clock, published]) spy.mockRestore();
    await ring.reload();
    expect(await ring.find('of another process')).toBeUndefined();
  });
});

describe('a reload', () => {
  it('of a caller in a transaction waits for no other, which may wait for its connection', async () => {
    const keys = new KeysRepository(database);
    const ring = await open(encryptionKey, undefined, keys);
    const published = vi.spyOn(keys, 'published');
    published.mockReturnValueOnce(new Promise(() => {}));
    void ring.reload();
    await database.transaction((manager) => ring.reload(manager));
    expect(published).toHaveBeenCalledTimes(2);
  });

  it('is under way once, and due once, for all callers while the database is silent', async () => {
    const keys = new KeysRepository(database);
    const ring = await open(encryptionKey, undefined, keys);
    let answer: (rows: SigningKey[]) => void = () => {};
    const silence = new Promise<SigningKey[]>((resolve) => (answer = resolve));
    const published = vi.spyOn(keys, 'published').mockReturnValueOnce(silence);
    const reloads = [ring.reload()];
    await expect.poll(() => published.mock.calls.length).toBe(1);
    for (let n = 0; n < 20; n += 1) reloads.push(ring.reload());
    answer(await rows());
    await Promise.all(reloads);
    expect(published).toHaveBeenCalledTimes(2);
  });

  it('keeps no keys that were read before those that it has', async () => {
    const keys = new KeysRepository(database);
    const ring = await open(encryptionKey, undefined, keys);
    let answer: (early: SigningKey[]) => void = () => {};
    const early = new Promise<SigningKey[]>((resolve) => (answer = resolve));
    const published = vi.spyOn(keys, 'published').mockReturnValueOnce(early);
    const slow = ring.reload();
    await expect.poll(() => published.mock.calls.length).toBe(1);
    const before = await rows();
    await retire('next');
    await insert(await newSigningKey('next', encryptionKeys));
    await database.transaction((manager) => ring.reload(manager));
    answer(before);
    await slow;
    expect(ring.size).toBe(3);
  });

  it('signs again once its key is stored under a key that it knows', async () => {
    const ring = await open();
    const other = randomBytes(32);
    const stored = await rows();
    await open(other, encryptionKey);
    await retire('active');
    await database.query(`UPDATE signing_keys SET state = 'active' WHERE state = 'next'`);
    await expect(ring.reload()).rejects.toMatchObject({ code: 'wrong_encryption_key' });
    for (const { kid, privateKey } of stored) {
      await database.manager.update(SigningKey, { kid, state: 'active' }, { privateKey });
    }
    await ring.reload();
    expect(ring.canSign).toBe(true);
  });
});
