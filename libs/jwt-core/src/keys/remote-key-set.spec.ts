import { describe, expect, it, vi } from 'vitest';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { generateSigningKey, publicJwk } from '../test-issuer/access-token.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { useKeySetHarness } from './remote-key-set.fixture.js';
import { RemoteKeySet } from './remote-key-set.js';

const refreshMs = 300_000;
const cooldownMs = 10_000;
const maxStaleMs = 86_400_000;

describe('RemoteKeySet', () => {
  const harness = useKeySetHarness();
  const { pass, until, turn, fetches } = harness;

  it('fetches nothing before it is started, and has the keys soon after', async () => {
    const { auth, keys, key } = harness;
    await turn();
    expect([fetches(), keys.state, keys.ageMs]).toEqual([0, 'missing', Infinity]);
    keys.start();
    await until(() => keys.state === 'fresh');
    expect(keys.get(auth.kid)?.publicKey.equals(key.publicKey)).toBe(true);
    expect(keys.size).toBe(1);
    await pass(1_000);
    expect(keys.ageMs).toBe(1_000);
  });

  it('fetches once for all who ask at the same moment', async () => {
    const { auth, keys } = harness;
    const found = await Promise.all(Array.from({ length: 100 }, () => keys.find(auth.kid)));
    expect(new Set(found).size).toBe(1);
    expect(found[0]?.kid).toBe(auth.kid);
    await keys.find(auth.kid);
    expect(fetches()).toBe(1);
  });

  it('fetches nothing for a key that it has', async () => {
    const { auth, keys } = harness;
    await keys.find(auth.kid);
    await pass(cooldownMs);
    await keys.find(auth.kid);
    await turn();
    expect(fetches()).toBe(1);
  });

  it.each([
    [0, refreshMs * 0.9],
    [0.5, refreshMs * 0.95],
  ])('fetches ahead in the background again and again, by chance %d', async (chance, pauseMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const { keys } = harness;
    keys.start();
    for (let count = 1; count <= 4; count++) {
      await until(() => fetches() === count && keys.ageMs === 0);
      await pass(pauseMs - 1);
      await turn();
      expect(fetches()).toBe(count);
      await pass(1);
    }
  });

  it('fetches before the keys are too old, however seldom it was to', async () => {
    const keys = harness.restart({ refreshMs, maxStaleMs: refreshMs / 5 });
    keys.start();
    for (let count = 1; count <= 4; count++) {
      await until(() => fetches() === count && keys.state === 'fresh' && keys.ageMs === 0);
      await pass(refreshMs / 10);
    }
  });

  it('counts the time to the next fetch from the last one, whatever it was for', async () => {
    const { auth, keys } = harness;
    await keys.find(auth.kid);
    await pass(refreshMs / 2);
    await keys.find('x');
    await pass(cooldownMs);
    await until(() => fetches() === 3 && keys.ageMs === 0);
    await pass(refreshMs - 1);
    await turn();
    expect(fetches()).toBe(3);
  });

  it('keeps a key the same object for as long as its material is the same', async () => {
    const { auth, keys } = harness;
    const { kid } = auth;
    const before = await keys.find(kid);
    const added = await auth.rotateKey();
    await pass(refreshMs);
    await until(() => keys.get(added)?.kid === added);
    expect(keys.get(kid)).toBe(before);
  });

  it('keeps keys of one kid the same objects, each of its algorithm', async () => {
    const { auth, key } = harness;
    const ed25519 = { ...(await generateSigningKey('EdDSA')), kid: key.kid };
    const answer = JSON.stringify({ keys: [publicJwk(key), publicJwk(ed25519)] });
    auth.fail('jwks', (_, response) => response.end(answer));
    const keys = harness.restart({ algorithms: ['RS256', 'EdDSA'] });
    const before = [await keys.find(key.kid, 'RS256'), await keys.find(key.kid, 'EdDSA')];
    expect(before.map((each) => each?.algorithm)).toEqual(['RS256', 'EdDSA']);
    await pass(refreshMs);
    await until(() => keys.ageMs < refreshMs);
    expect(keys.get(key.kid, 'RS256')).toBe(before[0]);
    expect(keys.get(key.kid, 'EdDSA')).toBe(before[1]);
  });

  it('takes new material under a known kid for another key', async () => {
    const { auth, keys, key } = harness;
    const before = await keys.find(key.kid);
    const impostor = { ...(await generateSigningKey()), kid: key.kid };
    const other = await TestIssuer.start({ keys: [impostor] });
    const answer = await (await fetch(`${other.issuer}/.well-known/jwks.json`)).text();
    await other.close();
    auth.fail('jwks', (_, response) => response.end(answer));
    await pass(refreshMs);
    await until(() => keys.get(key.kid) !== before);
    expect(keys.get(key.kid)?.publicKey.equals(impostor.publicKey)).toBe(true);
  });

  it('forgets a key that is no longer published', async () => {
    const { auth, keys } = harness;
    const { kid } = auth;
    await keys.find(kid);
    await auth.withdraw(kid);
    await pass(refreshMs);
    await until(() => keys.get(kid) === undefined);
    expect(await keys.find(kid)).toBeUndefined();
  });

  it('starts with the issuer down, and has the keys by itself when it is up', async () => {
    const { auth } = harness;
    const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const keys = harness.restart({ log });
    auth.fail('all');
    keys.start();
    await until(() => log.warn.mock.calls.length === 1);
    auth.repair();
    await pass(cooldownMs);
    await until(() => keys.state === 'fresh');
  });

  it('refuses while it has no keys, with the reason, and does not fetch again within the cool-down', async () => {
    const { auth, keys } = harness;
    auth.fail('all');
    await expect(keys.find(auth.kid)).rejects.toMatchObject({
      name: 'TokenError',
      code: 'keys_unavailable',
      cause: { name: 'IssuerError', code: 'unreachable' },
    });
    expect([keys.state, keys.get(auth.kid)]).toEqual(['missing', undefined]);
    auth.repair();
    await expect(keys.find(auth.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(fetches()).toBe(0);
    await pass(cooldownMs);
    await until(() => keys.state === 'fresh');
  });

  it('goes on with the last good keys, but not for ever', async () => {
    const { auth } = harness;
    let nowMs = 0;
    const keys = harness.restart({ monotonicNow: () => nowMs });
    await keys.find(auth.kid);
    auth.fail('all');
    nowMs = cooldownMs;
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(keys.state).toBe('stale');
    nowMs = maxStaleMs;
    expect(keys.get(auth.kid)).toBe(await keys.find(auth.kid));
    nowMs = maxStaleMs + 1;
    expect([keys.state, keys.get(auth.kid)]).toEqual(['missing', undefined]);
    await expect(keys.find(auth.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
    auth.repair();
    nowMs += cooldownMs;
    expect(await keys.find(auth.kid)).toMatchObject({ kid: auth.kid });
    expect(keys.state).toBe('fresh');
  });

  it('ends when closed: no timer, no fetch, and the present keys stay', async () => {
    const { auth, keys } = harness;
    await keys.find(auth.kid);
    // Node's own timers for idle connections are over then.
    await pass(cooldownMs);
    expect(vi.getTimerCount()).toBe(1);
    keys.close();
    expect(vi.getTimerCount()).toBe(0);
    keys.start();
    keys.expectFingerprint('other');
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(vi.getTimerCount()).toBe(0);
    await pass(refreshMs * 2);
    await turn();
    expect(fetches()).toBe(1);
    expect(keys.get(auth.kid)).toBeDefined();
  });

  it('ends a fetch that is under way when closed, and says nothing of it', async () => {
    const { auth } = harness;
    const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const keys = harness.restart({ log });
    await keys.find(auth.kid);
    await pass(cooldownMs);
    auth.fail('jwks', 'hang');
    const late = keys.find('x');
    await until(() => fetches() === 2);
    keys.close();
    await expect(late).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(vi.getTimerCount()).toBe(0);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('refuses for want of keys when closed before it had any', async () => {
    const { keys } = harness;
    keys.close();
    await expect(keys.find('x')).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(fetches()).toBe(0);
  });

  it.each([
    { refreshMs: 0 },
    { cooldownMs: -1 },
    { maxStaleMs: NaN },
    { maxStaleMs: Infinity },
    { refreshMs: 2 ** 31 },
  ])('refuses times that no timer can keep: %j', (options) => {
    const metadata = new IssuerMetadata({ issuer: 'https://auth.example.com' });
    const [name] = Object.keys(options);
    expect(() => new RemoteKeySet({ metadata, ...options })).toThrow(RangeError);
    expect(() => new RemoteKeySet({ metadata, ...options })).toThrow(`${name} is a number`);
  });

  it('takes the longest time that a timer can keep, and a fraction of a millisecond', () => {
    const metadata = new IssuerMetadata({ issuer: 'https://auth.example.com' });
    const times = { refreshMs: 2 ** 31 - 1, cooldownMs: 0.5 };
    expect(new RemoteKeySet({ metadata, ...times }).size).toBe(0);
  });
});
