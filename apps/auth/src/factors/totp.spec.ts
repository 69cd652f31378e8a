import { describe, expect, it } from 'vitest';

import { newTotpSecret, totpKey, totpStep } from './totp.js';

// RFC 6238 appendix B, SHA-1; the last six of eight digits.
const RFC_SECRET = Buffer.from('12345678901234567890');
const at = (seconds: number) => new Date(seconds * 1000);

describe('a code of an authenticator app', () => {
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
  ])('at %i is that of RFC 6238', (seconds, code) => {
    expect(totpStep(RFC_SECRET, code, at(seconds))).toBe(Math.floor(seconds / 30));
  });

  it.each([
    [-60, undefined],
    [-31, undefined],
    [-30, 41152263],
    [0, 41152263],
    [29, 41152263],
    [59, 41152263],
    [60, undefined],
  ])('is taken %i s after its step began: %s', (seconds, step) => {
    expect(totpStep(RFC_SECRET, '005924', at(41152263 * 30 + seconds))).toBe(step);
  });

  it.each(['', '0', '0059240', 'abcdef'])('is not %j', (code) => {
    expect(totpStep(RFC_SECRET, code, at(1234567890))).toBeUndefined();
  });
});

describe('a key for an authenticator app', () => {
  it('has 160 random bits', () => {
    const secrets = [newTotpSecret(), newTotpSecret()] as const;
    expect(secrets.map(({ length }) => length)).toEqual([20, 20]);
    expect(secrets[0].equals(secrets[1])).toBe(false);
  });

  it('names the service and the account, whatever characters they have', () => {
    const { secret, uri } = totpKey(RFC_SECRET, {
      service: '[::1]',
      account: '"a:b/?#&"@example.com',
    });
    expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const url = new URL(uri);
    expect(decodeURIComponent(url.pathname)).toBe('/[  1]:"a b/?#&"@example.com');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ secret, issuer: '[  1]', algorithm: 'SHA1', digits: '6', period: '30' },
    });
  });
});
