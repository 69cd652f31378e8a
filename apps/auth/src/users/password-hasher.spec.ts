import { hash } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';

import { HashCost, PasswordHasher } from './password-hasher.js';

const hasher = new PasswordHasher(new HashCost());
const password = 'correct horse battery staple';

describe('hashing of passwords', () => {
  it('accepts the password and no other', async () => {
    const stored = await hasher.inTurn('net', (hashing) => hashing.hash(password));
    await expect(hasher.inTurn('net', ({ verify }) => verify(stored, password))).resolves.toBe(
      true,
    );
    await expect(
      hasher.inTurn('net', ({ verify }) => verify(stored, `${password} `)),
    ).resolves.toBe(false);
  });

  it('is Argon2id at 19 MiB, two passes and one lane, with a salt for each', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => hasher.inTurn('net', (hashing) => hashing.hash(password))),
    );
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
  });

  it('refuses every password without a stored hash', async () => {
    await expect(hasher.inTurn('net', ({ verify }) => verify(undefined, password))).resolves.toBe(
      false,
    );
  });

  it('takes as long without an account as with one', async () => {
    const stored = await hasher.inTurn('net', (hashing) => hashing.hash(password));
    const time = async (against: string | undefined): Promise<number> => {
      const begun = performance.now();
      await hasher.inTurn('net', ({ verify }) => verify(against, 'wrong'));
      return performance.now() - begun;
    };
    const median = (times: number[]): number => times.sort((a, b) => a - b)[5] ?? NaN;
    const [somebody, nobody]: [number[], number[]] = [[], []];
    for (let round = 0; round < 11; round += 1) {
      somebody.push(await time(stored));
      nobody.push(await time(undefined));
    }
    expect(median(nobody)).toBeGreaterThan(median(somebody) / 2);
  });

  it('is repeated when the present parameters make it stronger', async () => {
    const today = await hasher.inTurn('net', (hashing) => hashing.hash(password));
    expect(hasher.needsRehash(today, password)).toBe(false);
    expect(hasher.needsRehash(await hash(password, { memoryCost: 8192 }), password)).toBe(true);
    expect(
      hasher.needsRehash(await hash(password, { memoryCost: 8192, timeCost: 1 }), password),
    ).toBe(true);
    expect(hasher.needsRehash(await hash(password, { timeCost: 1 }), password)).toBe(true);
    expect(hasher.needsRehash(await hash(password, { algorithm: 1 }), password)).toBe(true);
  });

  it.each([
    { timeCost: 3 },
    { algorithm: 1, memoryCost: 65_536 },
    { memoryCost: 65_536 },
    { parallelism: 4 },
    { memoryCost: 8192, timeCost: 10 },
    { memoryCost: 46_080, timeCost: 1 },
  ])('is not repeated when %j would be lowered', async (parameters) => {
    expect(hasher.needsRehash(await hash(password, parameters), password)).toBe(false);
  });
});
