import { describe, expect, it } from 'vitest';
import {
  addressFault,
  innerAddress,
  isLoopback,
  metadataAddress,
  metadataAddresses,
} from './issuer-address.js';

describe('metadataAddress', () => {
  it.each([
    ['https://auth.example.com', 'https://auth.example.com/.well-known/oauth-authorization-server'],
    [
      'https://auth.example.com/',
      'https://auth.example.com/.well-known/oauth-authorization-server',
    ],
    [
      'https://example.com/tenants/one',
      'https://example.com/.well-known/oauth-authorization-server/tenants/one',
    ],
    ['https://example.com/one/', 'https://example.com/.well-known/oauth-authorization-server/one'],
    ['http://localhost:3000', 'http://localhost:3000/.well-known/oauth-authorization-server'],
    ['http://127.8.0.1', 'http://127.8.0.1/.well-known/oauth-authorization-server'],
    ['http://127.10.20.30', 'http://127.10.20.30/.well-known/oauth-authorization-server'],
    ['http://[::1]:3000', 'http://[::1]:3000/.well-known/oauth-authorization-server'],
    ['http://auth.localhost', 'http://auth.localhost/.well-known/oauth-authorization-server'],
  ])('finds the metadata of %s', (issuer, address) => {
    expect(metadataAddress(issuer, false)).toBe(address);
  });

  it('accepts plain http beyond this machine only if it is allowed', () => {
    const issuer = 'http://auth.internal';
    expect(() => metadataAddress(issuer, false)).toThrow('plain http');
    expect(metadataAddress(issuer, true)).toBe(
      'http://auth.internal/.well-known/oauth-authorization-server',
    );
  });

  it.each([
    '',
    'auth.example.com',
    'auth.example.com:3000',
    '//auth.example.com',
    'https:auth.example.com',
    'https://',
    'https://auth.example.com:99999',
    'https://[::1',
    'https://auth.example.com?tenant=1',
    'https://auth.example.com?',
    'https://auth.example.com#top',
    'https://user:secret@auth.example.com',
    'https://auth.example.com\\@evil.example',
    ' https://auth.example.com',
    'https://auth.example.com\n',
    'ftp://auth.example.com',
    'file:///etc/issuer',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'http://0.0.0.0:3000',
    undefined as unknown as string,
  ])('refuses %j', (issuer) => {
    expect(() => metadataAddress(issuer, false)).toThrow(
      expect.objectContaining({ name: 'IssuerError', code: 'address_invalid' }),
    );
  });

  it.each(['ftp://auth.example.com', 'http://user:secret@auth.internal'])(
    'refuses %j also where plain http is allowed',
    (issuer) => {
      expect(() => metadataAddress(issuer, true)).toThrow();
    },
  );
});

describe('addressFault', () => {
  it.each([
    ['https://auth.example.com', false, undefined],
    ['http://auth.example.com', true, undefined],
    ['http://auth.example.com', false, 'is plain http, which anyone can forge'],
    ['ftp://auth.example.com', true, 'is not an https address'],
    ['https://user@auth.example.com', true, 'carries credentials'],
    ['https://:secret@auth.example.com', true, 'carries credentials'],
  ])('finds in %s, with http allowed: %s, the fault %j', (url, httpAllowed, fault) => {
    expect(addressFault(new URL(url), httpAllowed)).toBe(fault);
  });

  it.each([
    ['http://localhost', true],
    ['http://a.localhost', true],
    ['http://[::1]', true],
    ['http://127.255.255.255', true],
    ['http://localhost.example.com', false],
    ['http://mylocalhost', false],
    ['http://[::2]', false],
    ['http://128.0.0.1', false],
    ['http://10.127.0.1', false],
  ])('knows whether %s is this machine: %s', (url, isOwn) => {
    expect(isLoopback(new URL(url))).toBe(isOwn);
  });
});

describe('metadataAddresses', () => {
  const issuer = 'https://login.example.com/realms/one';
  const oauth = '/.well-known/oauth-authorization-server';
  const openid = '/.well-known/openid-configuration';

  it.each([
    [{ issuer }, [`https://login.example.com${oauth}/realms/one`]],
    // OpenID Connect Discovery section 4.1
    [
      { issuer, openid: true },
      [`${issuer}${openid}`, `https://login.example.com${oauth}/realms/one`],
    ],
    [
      { issuer: 'https://one.example.com/', openid: true },
      [`https://one.example.com${openid}`, `https://one.example.com${oauth}`],
    ],
    [
      { issuer, openid: true, discoveryUrl: 'http://127.0.0.1:8080/realms/one' },
      [`http://127.0.0.1:8080/realms/one${openid}`, `http://127.0.0.1:8080${oauth}/realms/one`],
    ],
    [{ issuer, discoveryUrl: 'https://inner' }, [`https://inner${oauth}`]],
    [{ issuer, discoveryUrl: `https://inner/x${openid}?p=1` }, [`https://inner/x${openid}?p=1`]],
    [{ issuer, discoveryUrl: 'http://inner', allowHttp: true }, [`http://inner${oauth}`]],
  ])('finds those of %j', (options, addresses) => {
    expect(metadataAddresses(options)).toEqual(addresses);
  });

  it.each([
    '',
    'inner',
    'http://inner',
    'ftp://inner',
    'https://a:b@inner',
    'https://inner#x',
    'https://in ner',
    `http://inner${openid}`,
    `https://a:b@inner${openid}`,
    `https://inner${openid}#x`,
    ` https://inner${openid}`,
    'https://inner:99999',
    'https://[::1',
    [`https://inner${openid}`],
    7,
    null,
    {},
  ])('refuses the discoveryUrl %j', (discoveryUrl) => {
    expect(() => metadataAddresses({ issuer, discoveryUrl: discoveryUrl as string })).toThrow(
      expect.objectContaining({ code: 'address_invalid' }),
    );
  });

  it('refuses a wrong issuer, wherever it is reached', () => {
    expect(() => metadataAddresses({ issuer: 'one', discoveryUrl: 'https://inner' })).toThrow(
      'one',
    );
  });
});

describe('innerAddress', () => {
  const issuer = 'https://login.example.com/realms/one';

  it('takes an issuer that ends with a slash as one without', () => {
    const inner = innerAddress(`${issuer}/keys`, `${issuer}/`, 'https://inner/one');
    expect(inner).toBe('https://inner/one/keys');
  });

  it.each([
    ['https://inner:8080', `${issuer}/keys?v=1`, 'https://inner:8080/keys?v=1'],
    ['https://inner/realms/one/', `${issuer}/keys`, 'https://inner/realms/one/keys'],
    ['https://inner/a/.well-known/openid-configuration', `${issuer}/keys`, 'https://inner/a/keys'],
    [
      'https://inner/.well-known/oauth-authorization-server/realms/one',
      `${issuer}/keys`,
      'https://inner/realms/one/keys',
    ],
    ['https://inner', 'https://login.example.com/realms/two', 'https://inner/realms/two'],
    [
      'https://inner',
      'https://login.example.com.evil.example/keys',
      'https://login.example.com.evil.example/keys',
    ],
    ['https://inner', 'https://keys.example.net/one', 'https://keys.example.net/one'],
    ['https://inner', 'https://inner/keys', 'https://inner/keys'],
  ])('through %s puts %s at %s', (discoveryUrl, endpoint, inner) => {
    expect(innerAddress(endpoint, issuer, discoveryUrl)).toBe(inner);
  });
});
