import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { EncryptionKeys } from './key-encryption.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = new EncryptionKeys(randomBytes(32));
const stored = keys.encryptPrivateKey(privateKey, 'one');

const flip = (at: number): Buffer => {
  const copy = Buffer.from(stored);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

describe('encryption of private keys', () => {
  it('gives back the key that went in', () => {
    expect(keys.decryptPrivateKey(stored, 'one').privateKey.equals(privateKey)).toBe(true);
  });

  it('shows nothing of the key', () => {
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    for (let at = 0; at + 16 <= der.length; at += 16) {
      expect(stored.includes(der.subarray(at, at + 16))).toBe(false);
    }
  });

  it('never encrypts the same way twice', () => {
    expect(keys.encryptPrivateKey(privateKey, 'one').equals(stored)).toBe(false);
  });

  it.each([
    ['another encryption key', stored, 'one', new EncryptionKeys(randomBytes(32))],
    ['the name of another key', stored, 'two', keys],
    ['another version', flip(0), 'one', keys],
    ['an altered nonce', flip(1), 'one', keys],
    ['an altered tag', flip(13), 'one', keys],
    ['an altered key', flip(40), 'one', keys],
    ['a cut one', stored.subarray(0, 20), 'one', keys],
    ['nothing', Buffer.alloc(0), 'one', keys],
  ])('refuses %s and says so', (_, bytes, kid, encryptionKeys) => {
    expect(() => encryptionKeys.decryptPrivateKey(bytes, kid)).toThrow(
      expect.objectContaining({
        name: 'KeysError',
        code: 'wrong_encryption_key',
        message: expect.stringContaining('KEY_ENCRYPTION_KEY') as string,
        cause: expect.any(Error) as Error,
      }),
    );
  });

  it('refuses a shortened tag, which someone could guess', () => {
    const empty = keys.encryptSecret(Buffer.alloc(0), 'row');
    expect(keys.decryptSecret(empty, 'row').secret).toHaveLength(0);
    const tagStart = empty.length - 16;
    for (const bytes of [4, 8, 12]) {
      const cut = empty.subarray(0, tagStart + bytes);
      expect(() => keys.decryptSecret(cut, 'row')).toThrow('authentication tag');
    }
  });
});
