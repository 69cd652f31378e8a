import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { IntrospectionSource } from './introspection-source.js';
import { newReference } from './reference-tokens.fixture.js';

const unavailable: unknown = expect.objectContaining({
  name: 'TokenError',
  code: 'introspection_unavailable',
});
const client = { clientId: 'urn:reports service', clientSecret: 'hush+%ü' };

describe('IntrospectionSource', () => {
  let auth: TestIssuer;
  let clock: { ms: number };
  let log: Record<'log' | 'warn' | 'error', ReturnType<typeof vi.fn<(message: string) => void>>>;
  let source: IntrospectionSource;
  let hasLog: boolean;

  const make = (clientSecret = client.clientSecret, timeoutMs?: number, hasClock = true) =>
    new IntrospectionSource({
      metadata: new IssuerMetadata({ issuer: auth.issuer, timeoutMs }),
      credentials: new ClientCredentials(client.clientId, clientSecret),
      log: hasLog ? log : undefined,
      monotonicNow: hasClock ? () => clock.ms : undefined,
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
    auth = await TestIssuer.start({ client });
    clock = { ms: 0 };
    log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    hasLog = true;
    source = make();
  });
  afterEach(() => auth.close());

  it('gives the claims of an active token', async () => {
    const token = auth.mintReference({ sub: 'ada', claims: { plan: 'gold' } });
    const claims = await source.resolve(token);
    expect(claims).toMatchObject({ iss: auth.issuer, sub: 'ada', claims: { plan: 'gold' } });
    expect(lines()).toEqual([]);
  });

  it.each(['{"active":true}', '{"active":true,"token_type":"BEARER"}'])(
    'gives the claims of a bearer token: %s',
    async (body) => {
      auth.fail('introspect', answering(body));
      expect(await source.resolve(newReference())).toMatchObject({ active: true });
    },
  );

  // RFC 7662 section 2.1
  it('sends the token, and that it is an access token', async () => {
    const token = newReference();
    const fetching = vi.spyOn(globalThis, 'fetch');
    await source.resolve(token);
    const form = fetching.mock.lastCall?.[1]?.body as URLSearchParams;
    fetching.mockRestore();
    expect(form.toString()).toBe(`token=${token}&token_type_hint=access_token`);
  });

  it('gives up at once when its verifier is closed, which is no failure of the issuer', async () => {
    const metadata = new IssuerMetadata({ issuer: auth.issuer, timeoutMs: 1e8 });
    const credentials = new ClientCredentials(client.clientId, client.clientSecret);
    const closing = new IntrospectionSource({ metadata, credentials, log });
    const asked = new Promise<void>((resolve) => auth.fail('introspect', () => resolve()));
    const resolving = closing.resolve(newReference());
    await asked;
    metadata.close();
    await expect(resolving).rejects.toThrow(unavailable);
    await expect(closing.resolve(newReference())).rejects.toThrow(unavailable);
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
    const error = await source.resolve(auth.mintReference()).catch((thrown: unknown) => thrown);
    expect(error).toEqual(unavailable);
    const { message } = error as Error;
    expect(message).not.toBe('');
    expect(log.warn.mock.calls).toEqual([[expect.stringContaining(`: ${message}`)]]);
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
    const error = await source.resolve(newReference()).catch((thrown: unknown) => thrown);
    const code = fault === 'cut' ? 'unreachable' : 'bad_metadata';
    expect(error).toEqual(unavailable);
    expect(error).toMatchObject({ cause: { name: 'IssuerError', code } });
    expect((error as Error).message).toBe(((error as Error).cause as Error).message);
    expect(auth.requests('introspect')).toBe(0);
  });

  it('passes on an error that says nothing of the issuer', async () => {
    const fault = new Error('a fault of this program');
    const metadata = new IssuerMetadata({ issuer: auth.issuer });
    vi.spyOn(metadata, 'endpoints').mockRejectedValue(fault);
    const credentials = new ClientCredentials(client.clientId, client.clientSecret);
    const faulty = new IntrospectionSource({ metadata, credentials });
    await expect(faulty.resolve(newReference())).rejects.toBe(fault);
  });

  it('needs no log', async () => {
    hasLog = false;
    const silent = make();
    for (const status of [500, 401]) {
      auth.fail('introspect', answering('{}', status));
      await expect(silent.resolve(newReference())).rejects.toThrow(unavailable);
      clock.ms += 1_000;
    }
    auth.repair();
    expect(await silent.resolve(auth.mintReference())).toMatchObject({ active: true });
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

  it('pauses twice as long after each failure, and counts simultaneous ones once', async () => {
    auth.fail('introspect', 'refuse');
    let requests = 0;
    const sent = () => auth.requests('introspect') - requests;
    for (const pauseMs of [100, 200, 400, 800, 1_000, 1_000]) {
      await Promise.all([failures(1), failures(1), failures(1)]);
      requests = auth.requests('introspect');
      clock.ms += pauseMs - 1;
      await failures(1);
      expect(sent()).toBe(0);
      clock.ms += 1;
    }
    auth.repair();
    for (let n = 0; n < 2; n++) await source.resolve(newReference());
    expect(log.log).toHaveBeenCalledOnce();
    auth.fail('introspect', 'refuse');
    await failures(1);
    requests = auth.requests('introspect');
    clock.ms += 100;
    await failures(1);
    expect(sent()).toBe(1);
    expect(log.warn).toHaveBeenCalledTimes(2);
  });

  it('reports that its client is refused also after another failure', async () => {
    auth.fail('introspect', answering('{}', 500));
    await failures(1);
    clock.ms += 1_000;
    auth.fail('introspect', answering('{}', 401));
    await failures(1);
    expect([log.warn.mock.calls.length, log.error.mock.calls.length]).toEqual([1, 1]);
  });

  it('pauses by a clock of its own, if it is given none', async () => {
    auth.fail('introspect', answering('{}', 429, { 'retry-after': '30' }));
    const own = make(undefined, undefined, false);
    for (let n = 0; n < 2; n++) {
      await expect(own.resolve(newReference())).rejects.toThrow('it answered 429');
    }
    expect(auth.requests('introspect')).toBe(1);
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
