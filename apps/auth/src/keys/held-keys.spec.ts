import { randomBytes } from 'node:crypto';

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { holdKeys, type HeldKeys } from './held-keys.js';
import { EncryptionKeys } from './key-encryption.js';
import type { NewSigningKey } from './keys.repository.js';
import { newSigningKey } from './new-signing-key.js';

const encryptionKeys = new EncryptionKeys(randomBytes(32));
let first: NewSigningKey;
let second: NewSigningKey;

beforeAll(async () => {
  [first, second] = [
    await newSigningKey('active', encryptionKeys),
    await newSigningKey('active', encryptionKeys),
  ];
});
beforeEach(() => vi.spyOn(performance, 'now').mockReturnValue(50_000));
afterEach(() => vi.restoreAllMocks());

/** What is held of a key that was published for so long when it became active. */
function hold(key: NewSigningKey, publishedForMs: number, before?: HeldKeys): HeldKeys {
  const createdAt = new Date();
  const activatedAt = new Date(+createdAt + publishedForMs);
  return holdKeys([{ ...key, createdAt, activatedAt, retiredAt: null }], encryptionKeys, before);
}

describe('an active key signs', () => {
  it.each([
    ['when it was published for two seconds', 500, 51_500],
    ['at once if it was published for longer', 2_000, 50_000],
    ['at once if it is the first of all', 0, 50_000],
  ])('%s', (_, publishedForMs, signsFromMs) => {
    const before = hold(first, 10_000);
    expect(hold(second, publishedForMs, before).active).toMatchObject({ signsFromMs });
  });

  it('at once in a process that starts, and for as long as it is active', () => {
    const started = hold(first, 500);
    expect(started.active).toMatchObject({ signsFromMs: 0 });
    expect(hold(first, 500, started).active).toBe(started.active);
  });
});
