import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';

import { openDatabase } from '@jwt-auth/chassis';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Clock } from '../clock.js';
import { authDatabase } from '../database/auth-database.js';
import { migratedDatabase } from '../testing/migrated-database.fixture.js';
import { EncryptionKeys } from './key-encryption.js';
import { KEYS_CHANNEL, KeysRepository } from './keys.repository.js';
import { ensureSigningKeys, newSigningKey } from './new-signing-key.js';

const encryptionKeys = new EncryptionKeys(randomBytes(32));
const clock = new Clock();
let database: DataSource;
let keys: KeysRepository;
let listener: QueryRunner;
let notified: number;

beforeAll(async () => {
  database = await openDatabase(authDatabase(await migratedDatabase()));
  await database.query('TRUNCATE signing_keys');
  keys = new KeysRepository(database);
  listener = database.createQueryRunner();
  const connection = (await listener.connect()) as EventEmitter;
  connection.on('notification', () => (notified += 1));
  await listener.query(`LISTEN ${KEYS_CHANNEL}`);
});
beforeEach(() => void (notified = 0));
afterAll(async () => {
  await listener.release();
  await database.destroy();
});

/** Those that were sent come before the answer. */
async function notifications(): Promise<number> {
  await listener.query('SELECT');
  return notified;
}
const ensureKeys = () =>
  ensureSigningKeys(keys, encryptionKeys, (manager) => clock.database(manager));

describe('other processes are notified', () => {
  it('once of keys that are made together, and not of a start that finds them', async () => {
    await ensureKeys();
    expect(await notifications()).toBe(1);
    await ensureKeys();
    expect(await notifications()).toBe(1);
  });

  it('of a key that is made, and of one that changes', async () => {
    const { kid } = (await keys.current()).next!;
    const withdrawn = { state: 'withdrawn', privateKey: null, retiredAt: new Date() } as const;
    await keys.change((manager) => keys.update(manager, kid, withdrawn));
    expect(await notifications()).toBe(1);
    const next = await newSigningKey('next', encryptionKeys);
    await keys.change((manager) => keys.insert(manager, next, new Date()));
    expect(await notifications()).toBe(2);
  });

  it('of nothing by a look that changes nothing', async () => {
    await keys.change((manager) => keys.current(manager));
    expect(await notifications()).toBe(0);
  });
});
