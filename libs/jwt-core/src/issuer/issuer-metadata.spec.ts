import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IssuerMetadata, readEndpoints } from './issuer-metadata.js';

describe('IssuerMetadata', () => {
  let server: Server;
  let issuer: string;
  let answer: RequestListener;
  let asked: string[];
  let nowMs: number;
  const good = (): Record<string, unknown> => ({
    issuer,
    jwks_uri: `${issuer}/keys`,
    revocation_feed: `${issuer}/feed`,
  });
  const answerWith =
    (document: unknown): RequestListener =>
    (_, response) =>
      response.end(JSON.stringify(document));
  const metadata = (): IssuerMetadata => new IssuerMetadata({ issuer, monotonicNow: () => nowMs });

  beforeEach(async () => {
    nowMs = 0;
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/one`;
    answer = answerWith(good());
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('fetches from the well-known address, and not before the first call', async () => {
    const subject = metadata();
    expect(asked).toEqual([]);
    expect(await subject.endpoints()).toEqual({
      jwks: `${issuer}/keys`,
      revocationFeed: `${issuer}/feed`,
    });
    expect(asked).toEqual(['/.well-known/oauth-authorization-server/one']);
  });

  it('refuses at construction what can be no issuer', () => {
    expect(() => new IssuerMetadata({ issuer: 'auth' })).toThrow(
      expect.objectContaining({ code: 'address_invalid' }),
    );
  });

  // threat:issuer-mix-up
  it('refuses metadata of another issuer', async () => {
    answer = answerWith({ ...good(), issuer: 'https://evil.example' });
    await expect(metadata().endpoints()).rejects.toMatchObject({ code: 'bad_metadata' });
  });

  it('takes plain http beyond this machine when allowed', async () => {
    answer = answerWith({ ...good(), jwks_uri: 'http://keys.internal/' });
    await expect(metadata().endpoints()).rejects.toMatchObject({ code: 'bad_metadata' });
    const subject = new IssuerMetadata({ issuer, allowHttp: true });
    expect(await subject.endpoints()).toMatchObject({ jwks: 'http://keys.internal/' });
  });

  it('fetches once for all who ask at the same moment', async () => {
    const subject = metadata();
    await Promise.all(Array.from({ length: 50 }, () => subject.endpoints()));
    await subject.endpoints();
    expect(asked).toHaveLength(1);
  });

  it('answers at once from what it holds while it looks again', async () => {
    const subject = metadata();
    await subject.endpoints();
    nowMs = 60_000;
    answer = answerWith({ ...good(), jwks_uri: `${issuer}/moved` });
    expect(await subject.endpoints()).toMatchObject({ jwks: `${issuer}/keys` });
    await expect.poll(() => subject.endpoints()).toMatchObject({ jwks: `${issuer}/moved` });
    expect(asked).toHaveLength(2);
  });

  it('keeps the last good metadata when the issuer answers nonsense', async () => {
    const subject = metadata();
    await subject.endpoints();
    answer = answerWith({ ...good(), issuer: 'https://evil.example' });
    const stillGood = async (): Promise<number> => {
      nowMs += 60_000;
      expect(await subject.endpoints()).toMatchObject({ jwks: `${issuer}/keys` });
      return asked.length;
    };
    await expect.poll(stillGood).toBeGreaterThan(3);
  });

  it('leaves a failing issuer alone for a moment, at most a second, then recovers', async () => {
    const subject = metadata();
    answer = (_, response) => response.writeHead(503).end();
    for (const pauseMs of [100, 200, 400, 800, 1_000, 1_000]) {
      const before = asked.length;
      await expect(subject.endpoints()).rejects.toMatchObject({ code: 'bad_status' });
      nowMs += pauseMs - 1;
      await expect(subject.endpoints()).rejects.toMatchObject({ code: 'bad_status' });
      expect(asked).toHaveLength(before + 1);
      nowMs += 1;
    }
    answer = answerWith(good());
    expect(await subject.endpoints()).toMatchObject({ jwks: `${issuer}/keys` });
  });

  it('tries again soon when a failure follows a success', async () => {
    const subject = metadata();
    answer = (_, response) => response.writeHead(503).end();
    await expect(subject.endpoints()).rejects.toThrow();
    nowMs += 100;
    answer = answerWith(good());
    await subject.endpoints();
    nowMs += 60_000;
    answer = (_, response) => response.writeHead(503).end();
    await subject.endpoints();
    await expect.poll(() => asked.length).toBe(3);
    nowMs += 200;
    const askAgain = async (): Promise<number> => {
      await subject.endpoints();
      return asked.length;
    };
    await expect.poll(askAgain).toBe(4);
  });

  it('gives up on an issuer that hangs', async () => {
    answer = () => undefined;
    const subject = new IssuerMetadata({ issuer, timeoutMs: 50 });
    await expect(subject.endpoints()).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('lets one caller give up while another goes on waiting', async () => {
    const caller = new AbortController();
    let release = (): void => undefined;
    answer = (request, response) => {
      release = () => answerWith(good())(request, response);
      caller.abort();
    };
    const subject = metadata();
    const waiting = subject.endpoints();
    for (let n = 0; n < 2; n++) {
      await expect(subject.endpoints(caller.signal)).rejects.toMatchObject({
        code: 'aborted',
        cause: { name: 'AbortError' },
      });
    }
    release();
    expect(await waiting).toMatchObject({ jwks: `${issuer}/keys` });
  });

  it('ends its fetch when closed', async () => {
    const subject = metadata();
    answer = () => subject.close();
    await expect(subject.endpoints()).rejects.toMatchObject({ code: 'aborted' });
  });

  describe('of an OpenID Connect provider', () => {
    const openid = (): IssuerMetadata => new IssuerMetadata({ issuer, openid: true });
    const only =
      (address: string): RequestListener =>
      (request, response) => {
        if (request.url === address) answerWith(good())(request, response);
        else response.writeHead(404).end('<html>');
      };

    it.each([
      ['/one/.well-known/openid-configuration', 1],
      ['/.well-known/oauth-authorization-server/one', 2],
    ])('are found at %s', async (address, requests) => {
      answer = only(address);
      expect(await openid().endpoints()).toMatchObject({ jwks: `${issuer}/keys` });
      expect(asked).toHaveLength(requests);
    });

    it('are looked for at the second address if the first has a page in their place', async () => {
      answer = (request, response) =>
        request.url === '/one/.well-known/openid-configuration'
          ? response.end('<html>')
          : answerWith(good())(request, response);
      expect(await openid().endpoints()).toMatchObject({ jwks: `${issuer}/keys` });
    });

    it('are looked for at one address if that does not answer, or answers for another', async () => {
      answer = (_, response) => response.destroy();
      await expect(openid().endpoints()).rejects.toMatchObject({ code: 'unreachable' });
      answer = answerWith({ ...good(), issuer: 'https://evil.example' });
      await expect(openid().endpoints()).rejects.toMatchObject({ code: 'bad_metadata' });
      expect(asked).toHaveLength(2);
    });

    it('report the failure at the first address', async () => {
      answer = only('/nowhere');
      await expect(openid().endpoints()).rejects.toThrow('openid-configuration: status 404');
    });
  });

  it('are read at an internal address, with the endpoints there', async () => {
    const outer = 'https://auth.example.com';
    answer = answerWith({
      issuer: outer,
      jwks_uri: `${outer}/keys`,
      token_endpoint: 'https://t.example/',
    });
    const subject = new IssuerMetadata({ issuer: outer, discoveryUrl: issuer });
    expect(await subject.endpoints()).toMatchObject({
      jwks: `${issuer}/keys`,
      token: 'https://t.example/',
    });
    // threat:issuer-mix-up
    const other = new IssuerMetadata({ issuer: 'https://other.example', discoveryUrl: issuer });
    await expect(other.endpoints()).rejects.toMatchObject({ code: 'bad_metadata' });
  });
});

describe('readEndpoints', () => {
  const issuer = 'https://auth.example.com';
  const good = {
    issuer,
    jwks_uri: 'https://auth.example.com/keys',
    revocation_feed: 'https://auth.example.com/feed?v=1',
    introspection_endpoint: 'https://auth.example.com/introspect',
    token_endpoint: 'https://auth.example.com/token',
  };

  it('gives the addresses', () => {
    expect(readEndpoints(good, issuer, false)).toEqual({
      jwks: 'https://auth.example.com/keys',
      revocationFeed: 'https://auth.example.com/feed?v=1',
      introspection: 'https://auth.example.com/introspect',
      token: 'https://auth.example.com/token',
    });
  });

  it('knows issuers that have keys and nothing else', () => {
    const { jwks_uri } = good;
    expect(readEndpoints({ issuer, jwks_uri }, issuer, false)).toEqual({ jwks: jwks_uri });
  });

  it('follows an issuer that keeps its keys on another host', () => {
    const document = { ...good, jwks_uri: 'https://keys.example.net/jwks' };
    expect(readEndpoints(document, issuer, false).jwks).toBe('https://keys.example.net/jwks');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [good]],
    ['a text', 'issuer'],
  ])('refuses %s in place of metadata', (_name, document) => {
    expect(() => readEndpoints(document, issuer, false)).toThrow(
      expect.objectContaining({ name: 'IssuerError', code: 'bad_metadata' }),
    );
  });

  it.each<[string, object]>([
    ['no issuer', { issuer: undefined }],
    ['another issuer', { issuer: 'https://evil.example' }],
    ['an issuer that differs by a slash', { issuer: `${issuer}/` }],
    ['an issuer in a list', { issuer: [issuer] }],
    ['no jwks_uri', { jwks_uri: undefined }],
    ['a relative jwks_uri', { jwks_uri: '/keys' }],
    ['a jwks_uri in a list', { jwks_uri: ['https://keys.example.net'] }],
    ['a jwks_uri over plain http', { jwks_uri: 'http://keys.example.net' }],
    ['a jwks_uri on this machine, under an issuer that is not', { jwks_uri: 'http://localhost' }],
    ['a jwks_uri of another scheme', { jwks_uri: 'file:///etc/keys' }],
    ['a jwks_uri with credentials', { jwks_uri: 'https://a:b@keys.example.net' }],
    ['a relative feed', { revocation_feed: 'feed' }],
    ['a null feed', { revocation_feed: null }],
    ['a feed over plain http', { revocation_feed: 'http://feed.example.net' }],
    ['introspection over plain http', { introspection_endpoint: 'http://auth.example.com/i' }],
    ['introspection on this machine', { introspection_endpoint: 'http://127.0.0.1/i' }],
    ['a token endpoint with credentials', { token_endpoint: 'https://a:b@auth.example.com/t' }],
    ['an empty token endpoint', { token_endpoint: '' }],
  ])('refuses metadata with %s', (_name, change) => {
    expect(() => readEndpoints({ ...good, ...change }, issuer, false)).toThrow(
      expect.objectContaining({ name: 'IssuerError', code: 'bad_metadata' }),
    );
  });

  it.each([['/keys'], [7], [undefined], [[`${issuer}/keys`]]])(
    'refuses the jwks_uri %j also behind a discoveryUrl',
    (uri) => {
      const document = { ...good, jwks_uri: uri };
      expect(() => readEndpoints(document, issuer, false, 'https://inner')).toThrow(
        expect.objectContaining({ code: 'bad_metadata' }),
      );
    },
  );

  // threat:downgrade
  it('takes plain http between loopback addresses, and anywhere when allowed', () => {
    const local = 'http://localhost:3000';
    const onThisMachine = { issuer: local, jwks_uri: 'http://127.0.0.1:3000/keys' };
    expect(readEndpoints(onThisMachine, local, false).jwks).toBe('http://127.0.0.1:3000/keys');
    const beyond = { issuer: local, jwks_uri: 'http://auth.internal/keys' };
    expect(() => readEndpoints(beyond, local, false)).toThrow('plain http');
    expect(readEndpoints(beyond, local, true).jwks).toBe('http://auth.internal/keys');
  });
});
