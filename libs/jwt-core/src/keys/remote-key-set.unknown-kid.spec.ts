import { describe, expect, it } from 'vitest';
import { useKeySetHarness } from './remote-key-set.fixture.js';

describe('RemoteKeySet, asked for a kid that it does not know', () => {
  const cooldownMs = 10_000;
  const harness = useKeySetHarness();
  const { pass, until, turn, fetches } = harness;

  /** All have the same outcome: `unknown` to the issuer, or an error with this code. */
  async function flood(outcome = 'unknown'): Promise<void> {
    const { keys } = harness;
    const found = Array.from({ length: 200 }, (_, n) =>
      keys.find(`x${n}`).then(
        (key) => key?.kid ?? 'unknown',
        (error: { code: unknown }) => error.code,
      ),
    );
    expect(new Set(await Promise.all(found))).toEqual(new Set([outcome]));
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

  it.each([
    ['serves', 'unknown'],
    ['fails', 'keys_unavailable'],
  ])(
    'asks once in each cool-down while unknown ones go on coming, and the issuer %s: %s',
    async (how, outcome) => {
      await harness.keys.find(harness.auth.kid);
      if (how === 'fails') harness.auth.fail('jwks', 'refuse');
      for (let count = 1; count <= 5; count++) {
        await until(() => fetches() === count);
        await flood(count === 1 ? 'unknown' : outcome);
        await turn();
        expect(fetches()).toBe(count);
        await pass(cooldownMs);
      }
    },
  );

  it('knows again which are unknown when a fetch succeeds', async () => {
    await harness.keys.find(harness.auth.kid);
    harness.auth.fail('jwks', 'refuse');
    await pass(cooldownMs);
    await flood('keys_unavailable');
    harness.auth.repair();
    await pass(cooldownMs);
    await flood('unknown');
  });

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
