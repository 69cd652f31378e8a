import { describe, expect, it } from 'vitest';
import { readHeader } from './compact-jws.js';
import { HEADER, KID, segment } from './signed-token.fixture.js';

const without = (name: 'alg' | 'typ' | 'kid') => ({ ...HEADER, [name]: undefined });

describe('readHeader', () => {
  it.each([
    ['at+jwt', HEADER],
    ['AT+JWT', { ...HEADER, typ: 'AT+JWT' }],
    ['application/at+jwt', { ...HEADER, typ: 'application/at+jwt' }],
    ['Application/At+Jwt', { ...HEADER, typ: 'Application/At+Jwt' }],
  ])('returns the kid of a token whose typ is %s', (_, header) => {
    expect(readHeader(segment(header))).toBe(KID);
  });

  it('returns a kid of 128 characters', () => {
    const kid = 'k'.repeat(128);
    expect(readHeader(segment({ ...HEADER, kid }))).toBe(kid);
  });

  // threat:key-injection
  it('does not look at keys and certificates that the header brings along', () => {
    const header = { ...HEADER, jwk: { kty: 'RSA' }, jku: 'https://evil.example', x5c: [], x5u: 1 };
    expect(readHeader(segment(header))).toBe(KID);
  });

  it.each([
    ['no alg', without('alg')],
    ['alg none', { ...HEADER, alg: 'none' }],
    ['alg in lower case', { ...HEADER, alg: 'rs256' }],
    ['alg HS256', { ...HEADER, alg: 'HS256' }],
    ['alg RS384', { ...HEADER, alg: 'RS384' }],
    ['alg PS256', { ...HEADER, alg: 'PS256' }],
    ['an array for alg', { ...HEADER, alg: ['RS256'] }],
    ['no typ', without('typ')],
    ['typ JWT', { ...HEADER, typ: 'JWT' }],
    ['typ of a longer name', { ...HEADER, typ: 'at+jwt2' }],
    ['typ with something before', { ...HEADER, typ: 'x/at+jwt' }],
    ['typ with a line break', { ...HEADER, typ: 'at+jwt\n' }],
    ['an array for typ', { ...HEADER, typ: ['at+jwt'] }],
    ['no kid', without('kid')],
    ['an empty kid', { ...HEADER, kid: '' }],
    // threat:kid-injection
    ['a kid of 129 characters', { ...HEADER, kid: 'k'.repeat(129) }],
    ['a kid with a NUL', { ...HEADER, kid: `${KID}\0` }],
    ['a number for kid', { ...HEADER, kid: 1 }],
    ['an array for kid', { ...HEADER, kid: [KID] }],
    ['crit', { ...HEADER, crit: ['exp'], exp: 1 }],
    ['an empty crit', { ...HEADER, crit: [] }],
    ['crit null', { ...HEADER, crit: null }],
    ['b64', { ...HEADER, b64: true }],
    // threat:extension-smuggling
    ['an unencoded payload (RFC 7797)', { ...HEADER, b64: false, crit: ['b64'] }],
    ['an array for a header', [HEADER]],
    ['null for a header', null],
    ['a header that is no JSON', '{"alg":"RS256"'],
    ['alg twice', '{"alg":"none","typ":"at+jwt","kid":"k","alg":"RS256"}'],
    // threat:duplicate-members
    ['kid twice, once escaped', '{"alg":"RS256","typ":"at+jwt","kid":"k","\\u006bid":"k"}'],
    ['invalid UTF-8', Buffer.from('{"alg":"RS256","typ":"at+jwt","kid":"\xff"}', 'latin1')],
  ])('refuses %s', (_, header) => {
    expect(() => readHeader(segment(header))).toThrow(
      expect.objectContaining({ name: 'TokenError', code: 'token_invalid' }),
    );
  });
});
