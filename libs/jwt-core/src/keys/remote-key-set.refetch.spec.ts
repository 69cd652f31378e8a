import { beforeEach, describe, expect, it } from 'vitest';
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

describe('RemoteKeySet with fingerprints from the feed', () => {
  const cooldownMs = 10_000;
  const harness = useKeySetHarness();
  const { pass, until, turn, fetches } = harness;

  beforeEach(async () => {
    harness.keys.start();
    await until(() => harness.keys.state === 'fresh');
  });

  it('fetches nothing while they are of the present keys, not even for unknown kids', async () => {
    const fingerprint = await harness.fingerprint();
    for (let second = 0; second < 60; second += 3) {
      harness.keys.expectFingerprint(fingerprint);
      expect(await harness.keys.find(`x${second}`)).toBeUndefined();
      await pass(3_000);
    }
    await turn();
    expect(fetches()).toBe(1);
  });

  // A feed that has no news reports it once in its longest wait, 25 s.
  it('fetches for unknown kids again if the feed was silent for 30 seconds', async () => {
    harness.keys.expectFingerprint(await harness.fingerprint());
    await pass(29_999);
    await harness.keys.find('x');
    await turn();
    expect(fetches()).toBe(1);
    await pass(1);
    await harness.keys.find('x');
    expect(fetches()).toBe(2);
  });

  it('does not rely on what a feed reported that is lost since', async () => {
    const { auth, keys } = harness;
    keys.expectFingerprint(await harness.fingerprint());
    await pass(cooldownMs);
    const added = await auth.rotateKey();
    expect(await keys.find(added)).toBeUndefined();
    keys.doubtFingerprint();
    expect((await keys.find(added))?.kid).toBe(added);
    keys.doubtFingerprint();
    auth.fail('jwks', 'refuse');
    await pass(cooldownMs);
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  it('has new keys at once, also within the cool-down', async () => {
    const { auth, keys } = harness;
    await pass(250);
    for (let count = 2; count <= 4; count++) {
      const added = await auth.rotateKey();
      keys.expectFingerprint(await harness.fingerprint());
      await pass(0);
      await until(() => keys.get(added)?.kid === added);
      expect(fetches()).toBe(count);
      await pass(250);
    }
  });

  it('fetches at most four times a second, whatever is announced', async () => {
    for (let ms = 0; ms < 1_000; ms += 10) {
      harness.keys.expectFingerprint(`other ${ms}`);
      await pass(10);
      await turn();
    }
    expect(fetches()).toBeGreaterThan(2);
    expect(fetches()).toBeLessThanOrEqual(5);
  });

  it('fetches again while an auth process behind the balancer still serves the old keys', async () => {
    const { auth, keys } = harness;
    const old = await harness.published();
    const added = await auth.rotateKey();
    auth.fail('jwks', (_, response) => response.end(old));
    keys.expectFingerprint(await harness.fingerprint());
    for (const [count, pauseMs] of [
      [2, 250],
      [3, 500],
    ] as const) {
      await pass(pauseMs);
      await until(() => fetches() === count && keys.ageMs === 0);
    }
    auth.repair();
    await pass(1_000);
    await until(() => keys.get(added)?.kid === added);
    expect(fetches()).toBe(4);
  });

  it('asks caches for the new set, and goes on while one keeps the old set for minutes', async () => {
    const { auth, keys } = harness;
    keys.expectFingerprint(await harness.fingerprint());
    const old = await harness.published();
    const added = await auth.rotateKey();
    const asked: unknown[] = [];
    auth.fail('jwks', ({ headers }, response) => {
      asked.push(headers['cache-control']);
      response.end(old);
    });
    keys.expectFingerprint(await harness.fingerprint());
    for (let second = 0; second < 120; second++) {
      await pass(1_000);
      await turn();
      if (second % 20 === 0) keys.expectFingerprint(await harness.fingerprint());
      await expect(keys.find(added)).rejects.toMatchObject({ code: 'keys_unavailable' });
    }
    expect(new Set(asked)).toEqual(new Set(['no-cache']));
    auth.repair();
    await pass(8_000);
    await until(() => keys.get(added)?.kid === added);
  });

  it('does not know whether a kid exists while it lacks the keys that were announced', async () => {
    const { auth, keys } = harness;
    const added = await auth.rotateKey();
    auth.fail('jwks', 'refuse');
    keys.expectFingerprint(await harness.fingerprint());
    const unavailable = { code: 'keys_unavailable' };
    await expect(keys.find(added)).rejects.toMatchObject(unavailable);
    for (let second = 0; second < 30; second++) {
      await pass(1_000);
      await turn();
      await expect(keys.find(added)).rejects.toMatchObject(unavailable);
    }
    expect(keys.get(harness.key.kid)).toBeDefined();
    auth.repair();
    await pass(cooldownMs);
    await until(() => keys.get(added)?.kid === added);
  });

  it('knows that a kid is unknown while the feed reports the present keys, though a fetch failed', async () => {
    const { auth, keys } = harness;
    auth.fail('jwks', 'refuse');
    await pass(cooldownMs);
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
    keys.expectFingerprint(await harness.fingerprint());
    await pass(cooldownMs - 1);
    expect(await keys.find('x')).toBeUndefined();
    await turn();
    expect(fetches()).toBe(2);
  });

  it('gives up on fingerprints of another kind, and looks for unknown kids as ever', async () => {
    const { auth, keys } = harness;
    for (let second = 0; second < 120; second += 3) {
      keys.expectFingerprint('computed in another way');
      await pass(3_000);
      await turn();
    }
    expect(fetches()).toBe(7);
    const added = await auth.rotateKey();
    expect(await keys.find(added)).toMatchObject({ kid: added });
  });

  it('fetches once more if new keys are announced during a fetch', async () => {
    const { auth, keys } = harness;
    await pass(cooldownMs);
    const old = await harness.published();
    let release = (): void => undefined;
    auth.fail('jwks', (_, response) => (release = () => response.end(old)));
    const finding = keys.find('x');
    await until(() => fetches() === 2);
    const added = await auth.rotateKey();
    keys.expectFingerprint(await harness.fingerprint());
    await pass(500);
    await turn();
    expect(fetches()).toBe(2);
    auth.repair();
    release();
    await expect(finding).rejects.toMatchObject({ code: 'keys_unavailable' });
    await pass(500);
    await until(() => keys.get(added)?.kid === added);
    expect(fetches()).toBe(3);
  });

  it('does not fetch again if a fetch brings the keys that were announced during it', async () => {
    const { auth, keys } = harness;
    await pass(cooldownMs);
    auth.fail('jwks', 'hang');
    const finding = keys.find('x');
    await until(() => fetches() === 2);
    const added = await auth.rotateKey();
    keys.expectFingerprint(await harness.fingerprint());
    auth.repair();
    await finding;
    expect(keys.get(added)?.kid).toBe(added);
    await pass(1_000);
    await turn();
    expect(fetches()).toBe(2);
  });

  it('fetches known keys again that are too old, though they are confirmed', async () => {
    let nowMs = 0;
    const keys = harness.restart({ monotonicNow: () => nowMs });
    await keys.find(harness.auth.kid);
    nowMs = 86_400_001;
    keys.expectFingerprint(await harness.fingerprint());
    expect(await keys.find(harness.auth.kid)).toMatchObject({ kid: harness.auth.kid });
  });

  it('makes a caller with a new kid wait for the fetch that brings its key', async () => {
    const { auth, keys } = harness;
    await pass(250);
    auth.fail('jwks', 'hang');
    const added = await auth.rotateKey();
    keys.expectFingerprint(await harness.fingerprint());
    await pass(0);
    await until(() => fetches() === 2);
    const finding = keys.find(added);
    auth.repair();
    expect(await finding).toMatchObject({ kid: added });
  });

  it('has its first keys as soon as the feed is back, whatever the cool-down', async () => {
    harness.auth.fail('all');
    const keys = harness.restart();
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
    harness.auth.repair();
    await pass(1_000);
    keys.expectFingerprint(await harness.fingerprint());
    await pass(0);
    await until(() => keys.state === 'fresh');
  });
});
