import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ClientCredentials } from './client-credentials.js';

describe('ClientCredentials', () => {
  it.each([
    ['service', 'secret', 'service:secret'],
    ['urn:a b', '+%/=&ü', 'urn%3Aa+b:%2B%25%2F%3D%26%C3%BC'],
  ])('sends %j and %j form-encoded', (clientId, clientSecret, pair) => {
    const header = new ClientCredentials(clientId, clientSecret).authorization();
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe(pair);
  });

  // threat:secret-leakage
  it('shows its secret in no log', () => {
    const credentials = new ClientCredentials('service', 'hush');
    const shown =
      inspect(credentials, { depth: 9, showHidden: true }) + JSON.stringify(credentials);
    expect(shown).toContain('service');
    expect(shown).not.toMatch(/hush|Basic/);
  });

  it.each([
    ['', 'hush'],
    ['service', ''],
  ])('refuses %j with %j, without repeating the secret', (clientId, clientSecret) => {
    expect(() => new ClientCredentials(clientId, clientSecret)).toThrow(
      /^clientId and clientSecret are required$/,
    );
  });
});
