import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { EncryptionKeys } from './key-encryption.js';

const [today, yesterday] = [randomBytes(32), randomBytes(32)];
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = Buffer.from('of an authenticator app');
const name = 'totp one';
const sealedWith = (key: Buffer) => new EncryptionKeys(key).encryptSecret(secret, name);

describe('what is encrypted at rest', () => {
  it('is read under the present key', () => {
    const keys = new EncryptionKeys(today);
    expect(keys.isChanging).toBe(false);
    expect(keys.decryptSecret(sealedWith(today), name)).toEqual({ secret, isOutdated: false });
    const { privateKey: read, isOutdated } = keys.decryptPrivateKey(
      new EncryptionKeys(today).encryptPrivateKey(privateKey, 'one'),
      'one',
    );
    expect([read.equals(privateKey), isOutdated]).toEqual([true, false]);
  });

  it('is read under the one before, and then counts as outdated', () => {
    const keys = new EncryptionKeys(today, yesterday);
    expect(keys.isChanging).toBe(true);
    expect(keys.decryptSecret(sealedWith(yesterday), name)).toEqual({ secret, isOutdated: true });
    expect(keys.decryptSecret(keys.encryptSecret(secret, name), name).isOutdated).toBe(false);
    const stored = new EncryptionKeys(yesterday).encryptPrivateKey(privateKey, 'one');
    expect(keys.decryptPrivateKey(stored, 'one').isOutdated).toBe(true);
  });

  it.each([
    ['the only key', new EncryptionKeys(today)],
    ['both keys', new EncryptionKeys(today, randomBytes(32))],
  ])('is refused when %s differ', (_which, keys) => {
    const wrongKey = expect.objectContaining({ code: 'wrong_encryption_key' }) as Error;
    const stored = new EncryptionKeys(yesterday).encryptPrivateKey(privateKey, 'one');
    expect(() => keys.decryptPrivateKey(stored, 'one')).toThrow(wrongKey);
    expect(() => keys.decryptSecret(sealedWith(yesterday), name)).toThrow('authenticate');
  });

  it('is bound to the name of its row', () => {
    const keys = new EncryptionKeys(today);
    expect(() => keys.decryptSecret(sealedWith(today), 'totp two')).toThrow('authenticate');
  });
});
