import { describe, expect, it } from 'vitest';
import { readEndpoints } from './issuer-metadata.js';

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
