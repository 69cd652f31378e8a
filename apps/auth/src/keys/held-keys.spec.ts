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

/**
 * What is held of a key that was published for so long when it became active.
 *
 * @param before what was held until then, or how long after its publication the process starts
 */
function hold(
  key: NewSigningKey,
  publishedForMs: number,
  before: HeldKeys | number = 10_000,
): HeldKeys {
  const createdAt = new Date();
  const after = (ms: number) => new Date(+createdAt + ms);
  return holdKeys(
    [{ ...key, createdAt, activatedAt: after(publishedForMs), retiredAt: null }],
    encryptionKeys,
    typeof before === 'number' ? after(before) : before,
  );
}

describe('an active key signs', () => {
  it.each([
    ['when it was published for two seconds', 500, 51_500],
    ['at once if it was published for longer', 2_000, 50_000],
    ['at once if it is the first of all', 0, 50_000],
    ['after two seconds if a clock was set back meanwhile', -3_600_000, 52_000],
  ])('%s', (_, publishedForMs, signsFromMs) => {
    const before = hold(first, 10_000);
    expect(hold(second, publishedForMs, before).active).toMatchObject({ signsFromMs });
  });

  it('when it was published for two seconds, in a process that starts before', () => {
    expect(hold(second, 500, 800).active).toMatchObject({ signsFromMs: 51_200 });
    expect(hold(second, 0, 0).active).toMatchObject({ signsFromMs: 50_000 });
  });

  it('at once in a process that starts, and for as long as it is active', () => {
    const started = hold(first, 500);
    expect(started.active).toMatchObject({ signsFromMs: 50_000 });
    expect(hold(first, 500, started).active).toBe(started.active);
  });
});
