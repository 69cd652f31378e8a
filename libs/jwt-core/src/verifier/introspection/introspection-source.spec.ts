import type { RequestListener } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientCredentials } from '../../issuer/client-credentials.js';
import { IssuerMetadata } from '../../issuer/issuer-metadata.js';
import { generateSigningKey, type SigningKey } from '../../testing/access-token.js';
import { TestIssuer } from '../../testing/test-issuer.js';
import { IntrospectionSource } from './introspection-source.js';
import { newReference } from '../reference-tokens.fixture.js';

const unavailable: unknown = expect.objectContaining({
  name: 'TokenError',
  code: 'introspection_unavailable',
});
const client = { clientId: 'urn:reports service', clientSecret: 'hush+%ü' };

let key: SigningKey;
beforeAll(async () => {
  key = await generateSigningKey();
});

describe('IntrospectionSource', () => {
  let auth: TestIssuer;
  let clock: { ms: number };
  let log: Record<'log' | 'warn' | 'error', ReturnType<typeof vi.fn<(message: string) => void>>>;
  let source: IntrospectionSource;

  const make = (clientSecret = client.clientSecret, timeoutMs?: number) =>
    new IntrospectionSource({
      metadata: new IssuerMetadata({ issuer: auth.issuer }),
      credentials: new ClientCredentials(client.clientId, clientSecret),
      timeoutMs,
      log,
      monotonicNow: () => clock.ms,
    });
  const lines = () => Object.values(log).flatMap(({ mock }) => mock.calls.flat());
  const answering =
    (body: string, status = 200, headers = {}): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end(body);
  const failures = async (times: number) => {
    for (let n = 0; n < times; n++) {
      await expect(source.resolve(newReference())).rejects.toThrow(unavailable);
    }
  };

  beforeEach(async () => {
    auth = await TestIssuer.start({ keys: [key], client });
    clock = { ms: 0 };
    log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    source = make();
  });
  afterEach(() => auth.close());

  it('gives the claims of an active token', async () => {
    const token = auth.mintReference({ sub: 'ada', claims: { plan: 'gold' } });
    const claims = await source.resolve(token);
    expect(claims).toMatchObject({ iss: auth.issuer, sub: 'ada', claims: { plan: 'gold' } });
    expect(lines()).toEqual([]);
  });

  it('takes claims of 64 KiB', async () => {
    const text = 'ü'.repeat(32 * 1024 - 20);
    const claims = await source.resolve(auth.mintReference({ claims: { text } }));
    expect(claims).toMatchObject({ claims: { text } });
  });

  it.each<[string, () => string | RequestListener]>([
    ['is not known', newReference],
    ['has expired', () => auth.mintReference({ exp: 1 })],
    [
      'was revoked',
      () => {
        void auth.revoke({ kind: 'jti', id: 'dead' });
        return auth.mintReference({ jti: 'dead' });
      },
    ],
    // threat:token-type-confusion
    ['is bound to a key', () => answering('{"active":true,"token_type":"DPoP"}')],
    ['is of no type that can be read', () => answering('{"active":true,"token_type":["Bearer"]}')],
  ])('gives nothing for a token that %s', async (_name, prepare) => {
    const prepared = prepare();
    if (typeof prepared === 'function') auth.fail('introspect', prepared);
    const token = typeof prepared === 'string' ? prepared : newReference();
    expect(await source.resolve(token)).toBeUndefined();
    expect(lines()).toEqual([]);
  });

  it.each<[string, RequestListener]>([
    ['cuts the connection', (_, response) => response.destroy()],
    ['answers 500', answering('{"active":true}', 500)],
    ['answers 429', answering('{}', 429)],
    ['answers 400', answering('{"error":"invalid_request"}', 400)],
    ['redirects', answering('', 302, { location: '/oauth/introspect' })],
    ['answers with a page', answering('<html>')],
    ['answers with a list', answering('[{"active":true}]')],
    ['does not say whether the token is active', answering('{"sub":"ada"}')],
    ['says so in words', answering('{"active":"true"}')],
    ['says it twice', answering('{"active":false,"active":true}')],
    ['names a prototype', answering('{"active":true,"claims":{"__proto__":{}}}')],
    ['answers endlessly', answering(`{"active":true,"x":"${'x'.repeat(256 * 1024)}"}`)],
  ])('cannot know when the issuer %s', async (_name, fault) => {
    auth.fail('introspect', fault);
    await expect(source.resolve(auth.mintReference())).rejects.toThrow(unavailable);
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it('cannot know when the issuer takes too long', async () => {
    auth.fail('introspect', 'hang');
    await expect(make(undefined, 50).resolve(newReference())).rejects.toThrow(unavailable);
  });

  it.each([
    ['are out of reach', 'cut' as const],
    [
      'name no introspection endpoint',
      (_: unknown, response: Parameters<RequestListener>[1]) =>
        response.end(JSON.stringify({ issuer: auth.issuer, jwks_uri: auth.issuer })),
    ],
    [
      'name one over plain http elsewhere',
      (_: unknown, response: Parameters<RequestListener>[1]) =>
        response.end(
          JSON.stringify({
            issuer: auth.issuer,
            jwks_uri: auth.issuer,
            introspection_endpoint: 'http://169.254.169.254/latest',
          }),
        ),
    ],
  ])('cannot know when the metadata %s', async (_name, fault) => {
    auth.fail('metadata', fault);
    await failures(1);
    expect(auth.requests('introspect')).toBe(0);
  });

  it.each([401, 403])('says once what to do when its client is refused by %i', async (status) => {
    auth.fail('introspect', answering('{"error":"invalid_client"}', status));
    for (let n = 0; n < 3; n++, clock.ms += 60_000) await failures(1);
    expect(lines()).toEqual([expect.stringContaining('"urn:reports service"')]);
    expect(log.error.mock.calls[0]?.[0]).toMatch(/Check id and secret/);
    auth.repair();
    await source.resolve(newReference());
    expect(log.log).toHaveBeenCalledOnce();
  });

  it('has its secret in no line and no error, right or wrong', async () => {
    const token = auth.mintReference();
    const wrong = await make('hush-hush')
      .resolve(token)
      .catch((error: unknown) => error);
    auth.fail('introspect');
    const cut = await source.resolve(token).catch((error: unknown) => error);
    const { inspect } = await import('node:util');
    const said = inspect([wrong, cut, source, lines()], { depth: 12, showHidden: true });
    expect(said).not.toMatch(/hush|Basic/);
    expect(said).not.toContain(token);
  });

  it('leaves the issuer alone for a moment after a failure, and logs it once', async () => {
    auth.fail('introspect', 'refuse');
    await failures(5);
    expect(auth.requests('introspect')).toBe(1);
    clock.ms = 100;
    await failures(5);
    expect(auth.requests('introspect')).toBe(2);
    for (let n = 0; n < 10; n++, clock.ms += 1_000) await failures(1);
    expect(auth.requests('introspect')).toBeGreaterThan(10);
    expect(lines()).toHaveLength(1);
  });

  it.each([
    ['2', 2_000],
    ['86400', 30_000],
    ['0', 100],
    ['soon', 100],
  ])('heeds a Retry-After of %j, within bounds', async (retryAfter, pauseMs) => {
    auth.fail('introspect', answering('{}', 429, { 'retry-after': retryAfter }));
    await failures(1);
    auth.repair();
    clock.ms = pauseMs - 1;
    await failures(1);
    clock.ms = pauseMs;
    expect(await source.resolve(newReference())).toBeUndefined();
  });
});
