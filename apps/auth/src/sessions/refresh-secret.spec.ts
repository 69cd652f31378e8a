import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { hashRefreshToken, newRefreshToken, openWith, sealUnder } from './refresh-secret.js';

describe('a refresh token', () => {
  it('is 256 bits in base64url, and never the same', () => {
    const tokens = Array.from({ length: 100 }, newRefreshToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('is kept as the SHA-256 of its text', () => {
    expect(hashRefreshToken('abc')).toEqual(createHash('sha256').update('abc').digest());
  });

  it('has one spelling: another one for the same bytes is another token', () => {
    const [one, other] = ['A'.repeat(42) + 'A', 'A'.repeat(42) + 'B'];
    expect(Buffer.from(one, 'base64url')).toEqual(Buffer.from(other, 'base64url'));
    expect(hashRefreshToken(one)).not.toEqual(hashRefreshToken(other));
  });
});

describe('what is sealed under a token', () => {
  const token = newRefreshToken();
  const sealed = sealUnder(token, 'the successor: ü');

  it('is opened with it', () => {
    expect(openWith(token, sealed)).toBe('the successor: ü');
  });

  it('does not show', () => {
    expect(sealed.includes('successor')).toBe(false);
  });

  it('is not opened with another token', () => {
    expect(() => openWith(newRefreshToken(), sealed)).toThrow();
  });

  it('is not opened with the hash that lies beside it', () => {
    const hash = hashRefreshToken(token);
    for (const encoding of ['base64url', 'base64', 'hex', 'latin1'] as const) {
      expect(() => openWith(hash.toString(encoding), sealed)).toThrow();
    }
  });

  it.each([0, 12, 28])('is not opened when its byte %i was altered', (at) => {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(() => openWith(token, altered)).toThrow();
  });
});
