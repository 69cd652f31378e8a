import { describe, expect, it } from 'vitest';
import { type HeaderRules, readHeader } from './compact-jws.js';
import { SIGNING_ALGORITHMS } from './signature.js';
import { HEADER, KID, segment } from './signed-token.fixture.js';

const GOOD = { kid: KID, algorithm: 'RS256' };
const without = (name: 'alg' | 'typ' | 'kid') => ({ ...HEADER, [name]: undefined });

const RULES: HeaderRules = { algorithms: ['RS256'], allowsPlainJwt: false };

describe('readHeader', () => {
  it.each([
    ['at+jwt', HEADER],
    ['AT+JWT', { ...HEADER, typ: 'AT+JWT' }],
    ['application/at+jwt', { ...HEADER, typ: 'application/at+jwt' }],
    ['Application/At+Jwt', { ...HEADER, typ: 'Application/At+Jwt' }],
  ])('returns the kid of a token whose typ is %s', (_, header) => {
    expect(readHeader(segment(header), RULES)).toEqual(GOOD);
  });

  it('returns a kid of 128 characters', () => {
    const kid = 'k'.repeat(128);
    expect(readHeader(segment({ ...HEADER, kid }), RULES)).toEqual({ ...GOOD, kid });
  });

  // threat:key-injection
  it('does not look at keys and certificates that the header brings along', () => {
    const header = { ...HEADER, jwk: { kty: 'RSA' }, jku: 'https://evil.example', x5c: [], x5u: 1 };
    expect(readHeader(segment(header), RULES)).toEqual(GOOD);
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
    expect(() => readHeader(segment(header), RULES)).toThrow(
      expect.objectContaining({ name: 'TokenError', code: 'token_invalid' }),
    );
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'returns alg %s if it is allowed',
    (alg) => {
      const rules = { ...RULES, algorithms: ['ES256', alg] as const };
      expect(readHeader(segment({ ...HEADER, alg }), rules)).toEqual({ kid: KID, algorithm: alg });
      const others = SIGNING_ALGORITHMS.filter((other) => other !== alg);
      expect(() =>
        readHeader(segment({ ...HEADER, alg }), { ...RULES, algorithms: others }),
      ).toThrow('alg is');
    },
  );

  it('takes Ed25519, the new name of EdDSA with such a key, where that is allowed (RFC 9864)', () => {
    const ed25519 = segment({ ...HEADER, alg: 'Ed25519' });
    const rules = { ...RULES, algorithms: ['ES256', 'EdDSA'] as const };
    expect(readHeader(ed25519, rules)).toEqual({ kid: KID, algorithm: 'EdDSA' });
    for (const algorithms of [['RS256'], ['RS256', 'PS256', 'ES256']] as const) {
      expect(() => readHeader(ed25519, { ...RULES, algorithms })).toThrow('alg is not');
    }
  });

  it.each(['none', 'HS256', 'es256', 'ES384', 'RS512', '', null, ['RS256'], undefined])(
    'refuses alg %j, whatever is allowed',
    (alg) => {
      const rules = { ...RULES, algorithms: SIGNING_ALGORITHMS };
      expect(() => readHeader(segment({ ...HEADER, alg }), rules)).toThrow('alg is not');
    },
  );

  it.each(['JWT', 'jwt', 'application/JWT', undefined, 'at+jwt'])(
    'returns typ %j of an issuer that does not follow RFC 9068',
    (typ) => {
      const rules = { ...RULES, allowsPlainJwt: true };
      expect(readHeader(segment({ ...HEADER, typ }), rules)).toEqual(GOOD);
    },
  );

  it.each(['dpop+jwt', 'logout+jwt', 'token-introspection+jwt', 'JWT2', '', null, ['JWT']])(
    'refuses typ %j of such an issuer',
    (typ) => {
      const rules = { ...RULES, allowsPlainJwt: true };
      expect(() => readHeader(segment({ ...HEADER, typ }), rules)).toThrow('typ is not');
    },
  );
});
