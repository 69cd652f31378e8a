import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { generateSigningKey } from '../test-issuer/access-token.js';
import { MemoryRevocationSource } from '../test-issuer/memory-revocation-source.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { createVerifier, type CreateVerifierOptions, type Verifier } from './index.js';

const quiet = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };

describe('createVerifier', () => {
  let auth: TestIssuer;
  const open: Verifier[] = [];
  const create = (options: Partial<CreateVerifierOptions> = {}) => {
    const { issuer, audience } = auth;
    const all = { issuer, audience, log: quiet, ...options } as CreateVerifierOptions;
    const verifier = createVerifier(all);
    open.push(verifier);
    return verifier;
  };

  beforeEach(async () => {
    auth = await TestIssuer.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((verifier) => verifier.close()));
    await auth.close();
  });

  it('verifies a token, and refuses it once it is revoked', async () => {
    const { verify, ready } = create();
    await ready();
    const token = auth.mint({ sub: 'ada', scope: 'orders:read', jti: 'one' });
    expect(await verify(token)).toMatchObject({ subject: 'ada', scopes: ['orders:read'] });
    await auth.revoke({ kind: 'jti', id: 'one' });
    await expect
      .poll(() => verify(token).catch((error: Error) => error))
      .toMatchObject({ name: 'TokenError', code: 'token_revoked' });
  });

  it.each([
    ['for another audience', { aud: 'another' }, 'token_invalid'],
    ['of another issuer', { iss: 'https://other.example' }, 'token_invalid'],
    ['that expired', { iat: 1, exp: 2 }, 'token_expired'],
  ])('rejects a token %s', async (_, claims, code) => {
    const verifier = create();
    await verifier.ready();
    await expect(verifier.verify(auth.mint(claims))).rejects.toMatchObject({ code });
    expect(verifier.statistics.verdicts[code as 'token_invalid']).toBe(1);
  });

  it.each([undefined, null, 7, {}, ''])('rejects what is no token: %j', async (token) => {
    const verifier = create();
    const verifying = verifier.verify(token as never);
    await expect(verifying).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it.each(['EdDSA', 'Ed25519'] as const)('takes Ed25519 keys by the name %s', async (name) => {
    await auth.close();
    auth = await TestIssuer.start({ keys: [await generateSigningKey('EdDSA')] });
    const verifier = create({ algorithms: [name] });
    await verifier.ready();
    expect(await verifier.verify(auth.mint({ sub: 'ada' }))).toMatchObject({ subject: 'ada' });
  });

  it('refuses all tokens until keys and revocations have arrived', async () => {
    auth.fail('all', 'hang');
    const verifier = create();
    const verifying = verifier.verify(auth.mint());
    await expect(verifier.ready(50)).rejects.toThrow(
      'Not ready within 50 ms: keys missing, revocation list blind',
    );
    await verifier.close();
    await expect(verifying).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  it('does not know whether a kid exists once the issuer is out of reach', async () => {
    const { verify, ready } = create({ jwksCooldownSeconds: 0.1 });
    await ready();
    const token = auth.mint({}, { kid: 'unknown' });
    const code = () => verify(token).catch((error: { code: string }) => error.code);
    await expect.poll(code).toBe('token_invalid');
    auth.fail('all');
    await expect.poll(code, { timeout: 10_000 }).toBe('keys_unavailable');
  });

  it('ends a wait for readiness when it is closed', async () => {
    const never = { read: () => new Promise<never>(() => {}) };
    const verifier = create({ revocations: never });
    const waiting = expect(verifier.ready()).rejects.toThrow(/^Closed .*: .*revocation list blind/);
    await verifier.close();
    await waiting;
  });

  it('takes keys and revocations from elsewhere', async () => {
    const keySet = { get: () => undefined, find: async () => undefined };
    const verifier = create({ keySet, revocations: new MemoryRevocationSource() });
    await verifier.ready();
    await expect(verifier.verify(auth.mint())).rejects.toMatchObject({ code: 'token_invalid' });
    expect(auth.requests('metadata')).toBe(0);
  });

  it('sends nothing after it was closed', async () => {
    const verifier = create();
    await verifier.ready();
    await auth.revoke({ kind: 'jti', id: 'in time' });
    await verifier.close();
    const asked = auth.requests('feed');
    await auth.revoke({ kind: 'jti', id: 'late' });
    await verifier.close();
    expect(auth.requests('feed')).toBe(asked);
    expect(verifier.statistics.revocationList.entries).toBe(1);
  });

  it('tells the feed the name of its service, the same in each request, and that it leaves', async () => {
    const requests: URLSearchParams[] = [];
    auth.fail('feed', ({ url = '' }, response) => {
      requests.push(new URL(url, auth.issuer).searchParams);
      const reset = !url.includes('after=');
      response.end(JSON.stringify({ cursor: 'c', reset, more: false, entries: [] }));
    });
    const [one, other] = [0, 1].map(() => create({ service: 'orders', serviceVersion: '1.2.3' }));
    await Promise.all([one!.ready(), other!.ready()]);
    await expect.poll(() => requests.length).toBeGreaterThan(3);
    await Promise.all([one!.close(), other!.close()]);
    const names = new Set(requests.map((query) => query.get('instance')));
    expect(names.size).toBe(2);
    expect(requests.every((query) => query.get('service') === 'orders')).toBe(true);
    expect(requests.every((query) => query.get('version') === '1.2.3')).toBe(true);
    const leaving = requests.filter((query) => query.get('leaving') === 'true');
    expect(new Set(leaving.map((query) => query.get('instance')))).toEqual(names);
    expect(leaving).toHaveLength(2);
  });

  it('refuses to have no options', () => {
    expect(() => createVerifier(undefined as never)).toThrow(
      'createVerifier has no options: it needs an issuer and an audience',
    );
  });

  it('refuses wrong options with a list of all faults, and its own name', () => {
    expect(() => createVerifier({ issuer: 'auth', audience: '' })).toThrow(
      [
        'createVerifier has wrong options:',
        '  audience is required',
        '  The issuer "auth" is not of the form https://host/path, without query or fragment.',
      ].join('\n'),
    );
  });

  it('reports on the console unless it is given a log', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      auth.fail('all', 'cut');
      create({ log: undefined as never });
      await expect.poll(() => warn.mock.calls.flat().join()).toContain('Revocation feed lost');
    } finally {
      warn.mockRestore();
    }
  });
});
