import { describe, expect, it } from 'vitest';
import { useKeySetHarness } from './remote-key-set.fixture.js';

describe('RemoteKeySet, asked for a kid that it does not know', () => {
  const cooldownMs = 10_000;
  const harness = useKeySetHarness();
  const { pass, until, turn, fetches } = harness;

  /** All the same: it does not know any of them. */
  async function flood(): Promise<void> {
    const { keys } = harness;
    const found = await Promise.all(Array.from({ length: 200 }, (_, n) => keys.find(`x${n}`)));
    expect(new Set(found)).toEqual(new Set([undefined]));
  }

  // threat:kid-flooding
  it('fetches once, however many there are', async () => {
    await harness.keys.find(harness.auth.kid);
    await pass(cooldownMs);
    await flood();
    await flood();
    expect(fetches()).toBe(2);
  });

  it('leaves the issuer alone within the cool-down, and answers at once', async () => {
    await harness.keys.find(harness.auth.kid);
    harness.auth.fail('jwks', 'hang');
    await pass(cooldownMs - 1);
    await flood();
    await turn();
    expect(fetches()).toBe(1);
  });

  it.each(['serves', 'fails'])(
    'asks once in each cool-down while unknown ones go on coming, and the issuer %s',
    async (how) => {
      await harness.keys.find(harness.auth.kid);
      if (how === 'fails') harness.auth.fail('jwks', 'refuse');
      for (let count = 1; count <= 5; count++) {
        await until(() => fetches() === count);
        await flood();
        await turn();
        expect(fetches()).toBe(count);
        await pass(cooldownMs);
      }
    },
  );

  it('fetches from a failing issuer no more often while it has no keys', async () => {
    harness.auth.fail('jwks', 'refuse');
    for (let count = 1; count <= 5; count++) {
      for (let n = 0; n < 50; n++) await expect(harness.keys.find(`x${n}`)).rejects.toThrow();
      expect(fetches()).toBe(count);
      await pass(cooldownMs);
      await until(() => fetches() === count + 1);
    }
  });

  it('finds a really new one at the end of the cool-down, without being asked again', async () => {
    const { auth, keys } = harness;
    await keys.find(auth.kid);
    const added = await auth.rotateKey();
    expect(await keys.find(added)).toBeUndefined();
    await pass(cooldownMs);
    await until(() => keys.get(added)?.kid === added);
  });

  it('finds a really new one at once when the cool-down is over', async () => {
    const { auth, keys } = harness;
    await keys.find(auth.kid);
    const added = await auth.rotateKey();
    await pass(cooldownMs);
    expect(await keys.find(added)).toMatchObject({ kid: added });
  });

  it('finds one that was published just after the issuer was asked', async () => {
    const { auth, keys } = harness;
    const old = await harness.published();
    auth.fail('jwks', (_, response) => response.end(old));
    const added = await auth.rotateKey();
    expect(await keys.find(added)).toBeUndefined();
    auth.repair();
    await pass(cooldownMs);
    await until(() => keys.get(added)?.kid === added);
  });
});
