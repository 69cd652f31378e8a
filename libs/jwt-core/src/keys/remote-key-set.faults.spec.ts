import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { IssuerFault } from '../test-issuer/issuer-server.js';
import { useKeySetHarness } from './remote-key-set.fixture.js';

const publicJwk = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
const foreign = { ...publicJwk(2048), kid: 'foreign' };
const weak = { ...publicJwk(1024), kid: 'weak' };
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const jwks =
  (...keys: object[]): IssuerFault =>
  (_, response) =>
    response.end(JSON.stringify({ keys }));

const faults: [string, IssuerFault][] = [
  ['closes the connection', 'cut'],
  ['answers with an error', 'refuse'],
  ['never answers', 'hang'],
  ['never ends its answer', (_, response) => response.write('{"keys":[')],
  [
    'cuts its answer short',
    (_, r) => r.setHeader('content-length', 99).write('{', () => r.destroy()),
  ],
  ['answers with an error and keys', (_, r) => r.writeHead(500).end(keysOf(foreign))],
  ['answers with a page', (_, response) => response.end('<!doctype html>')],
  ['answers with nothing', (_, response) => response.end()],
  ['answers with null', (_, response) => response.end('null')],
  [
    'redirects to other keys',
    (_, r) => r.writeHead(302, { location: 'data:application/json,{}' }).end(),
  ],
  ['answers with 64 KiB and a byte', (_, r) => r.end(keysOf(foreign).padEnd(65_537))],
  ['answers with no keys', jwks()],
  ['answers with an EC key', jwks({ ...ec, kid: 'ec' })],
  ['answers with a weak key', jwks(weak)],
  ['answers with a key for encryption', jwks({ ...foreign, use: 'enc' })],
  ['answers with a key for another alg', jwks({ ...foreign, alg: 'RS512' })],
  ['answers with a private key', jwks({ ...foreign, d: 'AQAB' })],
  ['answers with one kid twice', jwks(foreign, foreign)],
];

function keysOf(...keys: object[]): string {
  return JSON.stringify({ keys });
}

describe('RemoteKeySet, over an issuer that misbehaves', () => {
  const cooldownMs = 10_000;
  const timeoutMs = 1_000;
  const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const harness = useKeySetHarness({ log, timeoutMs });
  const { pass, until, turn, fetches } = harness;
  afterEach(() => void vi.resetAllMocks());

  /** Waits for that fetch and for its end. */
  async function failed(count: number): Promise<void> {
    await until(() => fetches() === count);
    let isOver = false;
    const over = harness.keys.find('x').then(
      () => (isOver = true),
      () => (isOver = true),
    );
    await turn();
    if (!isOver) await pass(timeoutMs);
    await over;
  }

  it.each(faults)('keeps the good keys, and says so once, when it %s', async (_name, fault) => {
    const { auth, keys } = harness;
    const good = await keys.find(auth.kid);
    expect(log.log.mock.calls).toEqual([[`Fetched the keys of ${auth.issuer}`]]);
    auth.fail('jwks', fault);
    await pass(cooldownMs);
    keys.find('x').catch(() => undefined);
    for (let count = 2; count <= 4; count++) {
      await failed(count);
      expect([keys.state, keys.get(auth.kid), keys.get('foreign')]).toEqual([
        'stale',
        good,
        undefined,
      ]);
      await pass(cooldownMs);
    }
    const lost = `The keys of ${auth.issuer} cannot be fetched, the last ones stay in use: `;
    expect(log.warn.mock.calls).toEqual([[expect.stringContaining(lost)]]);

    await failed(5);
    auth.repair();
    await pass(cooldownMs);
    await until(() => keys.state === 'fresh');
    expect(keys.get(auth.kid)).toBe(good);
    expect(log.log).toHaveBeenLastCalledWith(`Fetched the keys of ${auth.issuer} again`);
    expect(log.log).toHaveBeenCalledTimes(2);
  });

  it.each(faults)(
    'is without keys, and says so once, when it %s from the start',
    async (_, fault) => {
      const { auth, keys } = harness;
      auth.fail('jwks', fault);
      keys.start();
      for (let count = 1; count <= 3; count++) {
        await failed(count);
        expect([keys.state, keys.get('foreign')]).toEqual(['missing', undefined]);
        await expect(keys.find(auth.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
        await pass(cooldownMs);
      }
      expect(log.warn.mock.calls).toEqual([[expect.stringContaining('there are none to use: ')]]);
      expect(log.log).not.toHaveBeenCalled();
    },
  );

  it('uses the good keys among others, and logs the others once', async () => {
    const { auth, keys, key } = harness;
    const good = { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid };
    auth.fail('jwks', jwks(weak, good, { ...foreign, d: 'AQAB' }));
    await keys.find(key.kid);
    await pass(cooldownMs);
    await keys.find('weak');
    expect(keys.get('weak')).toBeUndefined();
    expect([keys.state, fetches()]).toEqual(['fresh', 2]);
    expect(log.warn.mock.calls).toEqual([
      [expect.stringContaining('not used: weak (bad_size), foreign (private_key)')],
    ]);
    auth.repair();
    await pass(cooldownMs);
    await keys.find('weak');
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it('fetches failing metadata no more often than failing keys', async () => {
    const { auth, keys } = harness;
    auth.fail('metadata', 'refuse');
    for (let round = 0; round < 50; round++) {
      await expect(keys.find('x')).rejects.toMatchObject({ cause: { code: 'bad_status' } });
    }
    expect([auth.requests('metadata'), fetches()]).toEqual([1, 0]);
    auth.repair();
    await pass(cooldownMs);
    await until(() => keys.state === 'fresh');
  });

  it('says why it is without keys when the last good ones are too old', async () => {
    const { auth } = harness;
    const keys = harness.restart({ maxStaleMs: cooldownMs * 2.5 });
    await keys.find(auth.kid);
    auth.fail('jwks', 'refuse');
    await pass(cooldownMs);
    await expect(keys.find('x')).rejects.toMatchObject({ cause: { code: 'bad_status' } });
    await pass(cooldownMs);
    await failed(3);
    await pass(cooldownMs);
    await until(() => log.warn.mock.calls.length === 2);
    expect(log.warn).toHaveBeenLastCalledWith(
      `The keys of ${auth.issuer} cannot be fetched, there are none to use: ` +
        `${auth.issuer}/.well-known/jwks.json: status 503`,
    );
  });
});
