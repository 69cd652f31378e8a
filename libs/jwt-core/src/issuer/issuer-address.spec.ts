import { describe, expect, it } from 'vitest';
import { metadataAddress } from './issuer-address.js';

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
