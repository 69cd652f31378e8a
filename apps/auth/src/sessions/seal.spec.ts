import { describe, expect, it } from 'vitest';

import { hashSecret, newSecret } from '../crypto/secret.js';
import { openWith, sealUnder } from './seal.js';

describe('what is sealed under a token', () => {
  const token = newSecret();
  const sealed = sealUnder(token, 'the successor: ü');

  it('is opened with it', () => {
    expect(openWith(token, sealed)).toBe('the successor: ü');
  });

  it('is opened also by another release', () => {
    const known = 'BwcHBwcHBwcHBwcHZNGwg9TB6ReQE48aytgALbwA9GaFaeWAM-AB4JeAVJaO';
    expect(openWith('a'.repeat(43), Buffer.from(known, 'base64url'))).toBe('the successor: ü');
  });

  it('does not show', () => {
    expect(sealed.includes('successor')).toBe(false);
  });

  it('is not opened with another token', () => {
    expect(() => openWith(newSecret(), sealed)).toThrow();
  });

  it('is not opened with the hash that lies beside it', () => {
    const hash = hashSecret(token);
    for (const encoding of ['base64url', 'base64', 'hex', 'latin1'] as const) {
      expect(() => openWith(hash.toString(encoding), sealed)).toThrow();
    }
  });

  it.each([0, 12, 28])('is not opened when its byte %i was altered', (at) => {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(() => openWith(token, altered)).toThrow();
  });

  it('is not opened with a shortened tag, which someone could guess', () => {
    const empty = sealUnder(token, '');
    expect(openWith(token, empty)).toBe('');
    for (const bytes of [4, 8, 12]) {
      const cut = empty.subarray(0, empty.length - 16 + bytes);
      expect(() => openWith(token, cut)).toThrow('authentication tag');
    }
  });
});
