import { describe, expect, it } from 'vitest';
import { type Expected, readClaims } from './claims.js';
import { AUDIENCE, CLAIMS, ISSUER, NOW } from './signed-token.fixture.js';

const expected = { issuer: ISSUER, audience: AUDIENCE };
const DAY = 86_400;

/** Through JSON, as claims arrive: what is undefined is missing. */
const read = (changes: Record<string, unknown>, more: Partial<Expected> = {}) =>
  readClaims(JSON.parse(JSON.stringify({ ...CLAIMS, ...changes })) as Record<string, unknown>, {
    ...expected,
    ...more,
  });

describe('readClaims', () => {
  it("reads the principal of a user's token", () => {
    expect(read({ claims: { tenant: 'x' }, nbf: CLAIMS.iat + 1 })).toEqual({
      notBeforeSeconds: CLAIMS.iat + 1,
      principal: {
        issuer: ISSUER,
        subject: CLAIMS.sub,
        clientId: 'web',
        tokenId: CLAIMS.jti,
        sessionId: CLAIMS.sid,
        scopes: ['orders:read', 'orders:write'],
        roles: ['user'],
        issuedAt: CLAIMS.iat,
        expiresAt: CLAIMS.exp,
        claims: { tenant: 'x' },
      },
    });
  });

  it("reads the principal of a service's token with only the required claims", () => {
    const { principal, notBeforeSeconds } = read({
      sid: undefined,
      scope: undefined,
      roles: undefined,
    });
    expect(notBeforeSeconds).toBe(CLAIMS.iat);
    expect(principal).toMatchObject({ scopes: [], roles: [], claims: {} });
    expect(principal.sessionId).toBeUndefined();
  });

  it.each([
    ['the audience among others', { aud: ['other', AUDIENCE] }],
    ['strings of 255 characters', { sub: 's'.repeat(255), jti: 'j'.repeat(255) }],
    ['a lifetime of a day', { iat: NOW, exp: NOW + DAY }],
    ['a lifetime of a second', { iat: NOW, exp: NOW + 1 }],
    ['nbf before iat', { nbf: CLAIMS.iat - 1000 }],
    ['claims that it does not know', { auth_time: 'x', 'https://example.com/x': [] }],
  ])('accepts %s', (_, changes) => {
    expect(read(changes).principal.expiresAt).toBeGreaterThan(NOW);
  });

  it.each([
    ['', []],
    [' ', []],
    ['a', ['a']],
    [' a  b ', ['a', 'b']],
    ['a\tb', ['a\tb']],
  ])('splits the scope %j at spaces', (scope, scopes) => {
    expect(read({ scope }).principal.scopes).toEqual(scopes);
  });

  it('splits scopes of every length', () => {
    const scopes = Array.from({ length: 600 }, (_, index) => `read:${index} ${'x'.repeat(index)}`);
    for (const scope of [...scopes, ...scopes]) {
      expect(read({ scope }).principal.scopes).toEqual(scope.split(' ').filter(Boolean));
    }
  });

  it.each([
    ['iss', [undefined, null, '', 'https://auth.example.com/', ISSUER.toUpperCase(), [ISSUER], {}]],
    [
      'aud',
      [
        undefined,
        null,
        '',
        'other',
        'apis',
        [],
        ['other'],
        [[AUDIENCE]],
        [AUDIENCE, 1],
        [AUDIENCE, 'a\0'],
        {},
      ],
    ],
    ['sub', [undefined, null, '', 1, [], ['x'], {}, 's'.repeat(256), '\0', 'a\0b']],
    ['client_id', [undefined, null, '', 1, true, ['web'], 'c'.repeat(256), 'web\0']],
    ['jti', [undefined, null, '', 1, [], [CLAIMS.jti], 'j'.repeat(256), `${CLAIMS.jti}\0`]],
    ['sid', [null, '', 1, false, [CLAIMS.sid], 's'.repeat(256), `\0${CLAIMS.sid}`]],
    ['scope', ['orders\0', null, 1, ['orders:read'], {}]],
    ['roles', [['admin\0'], null, 'admin', {}, [1], [null], ['user', ['admin']]]],
    ['claims', [null, 'x', 1, [], true]],
    // A token that is bound to a key is no bearer token (RFC 7800).
    ['cnf', [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null, false]],
    ['token_version', [null, '7', -1, 0.5, 2 ** 53, [7], {}]],
    ['iat', [undefined, null, String(CLAIMS.iat), CLAIMS.iat + 0.5, [CLAIMS.iat], -1e308]],
    ['nbf', [null, String(NOW), NOW + 0.5, 1e308, -1e308, 2 ** 53, [NOW], true]],
    ['exp', [undefined, null, String(CLAIMS.exp), CLAIMS.exp + 0.5, [CLAIMS.exp], {}]],
    // threat:immortal-tokens
    ['exp', [1e308, -1, CLAIMS.exp * 1000, CLAIMS.iat, CLAIMS.iat - 1, CLAIMS.iat + DAY + 1]],
  ])('refuses a wrong %s', (claim, values) => {
    for (const value of values) {
      expect(() => read({ [claim]: value }), JSON.stringify(value)).toThrow(
        expect.objectContaining({
          code: 'token_invalid',
          message: `the claim ${claim} is missing or wrong`,
        }),
      );
    }
  });

  it('reads how and when the user was authenticated', () => {
    const claims = { auth_time: NOW - 30.5, acr: 'mfa', amr: ['pwd', 'otp'] };
    const { principal } = read(claims);
    expect(principal).toMatchObject({ authTime: NOW - 30.5, acr: 'mfa', amr: ['pwd', 'otp'] });
    expect(Object.isFrozen(principal.amr)).toBe(true);
  });

  it.each([
    { auth_time: 'x', acr: 1, amr: 'pwd' },
    { auth_time: null, acr: ['mfa'], amr: ['pwd', 1] },
    { auth_time: [NOW], acr: null, amr: { pwd: true } },
    { amr: ['pwd\0'] },
  ])('takes what is malformed of that as absent: %j', (claims) => {
    const { authTime, acr, amr } = read(claims).principal;
    expect([authTime, acr, amr]).toEqual([undefined, undefined, undefined]);
  });

  it.each([undefined, 0, 7, Number.MAX_SAFE_INTEGER])('reads token_version %s', (version) => {
    expect(read({ token_version: version }).tokenVersion).toBe(version);
  });

  it('bounds the life of a token as the issuer is bound', () => {
    const bound = { maxLifetimeMs: 900_000 };
    expect(read({ iat: NOW, exp: NOW + 900 }, bound)).toBeDefined();
    expect(() => read({ iat: NOW, exp: NOW + 901 }, bound)).toThrow('exp');
  });

  it('takes from mapClaims what it returns, and the rest from the claims', () => {
    const claims = { plan: null, tags: ['a'] };
    const { principal } = read({ claims }, { mapClaims: () => ({ scopes: ['a'] }) });
    expect(principal).toMatchObject({ scopes: ['a'], roles: ['user'], claims });
    const mapClaims = () => ({ roles: ['b'], claims: { plan: 'gold' } });
    expect(read({ claims }, { mapClaims }).principal).toMatchObject({
      scopes: ['orders:read', 'orders:write'],
      roles: ['b'],
      claims: { plan: 'gold' },
    });
  });

  it('copies what mapClaims returns, which may be a constant of the application', () => {
    const plan = { name: 'gold', tags: ['a'] };
    const { principal } = read({}, { mapClaims: () => ({ claims: { plan } }) });
    expect(principal.claims).toEqual({ plan });
    expect(Object.isFrozen(principal.claims['plan'])).toBe(true);
    expect(Object.isFrozen(plan) || Object.isFrozen(plan.tags)).toBe(false);
  });

  it.each([
    ['a function', { plan: () => 'gold' }],
    ['bytes', { plan: Buffer.from('gold') }],
  ])('refuses %s among the claims of mapClaims', (_name, claims) => {
    expect(() => read({}, { mapClaims: () => ({ claims }) })).toThrow(
      expect.objectContaining({ code: 'token_invalid' }),
    );
  });

  it('refuses a time that JSON reads as infinite', () => {
    const payload = { ...CLAIMS, exp: JSON.parse('1e999') as number };
    expect(() => readClaims(payload, expected)).toThrow('exp');
  });

  // threat:principal-tampering
  it('gives a principal that no request can change for another', () => {
    const { principal } = read({ claims: { tenant: { id: 1, tags: [{ name: 'a' }] } } });
    const tenant = principal.claims.tenant as { id: number; tags: { name: string }[] };
    const shared = [principal, principal.scopes, principal.roles, principal.claims];
    for (const value of [...shared, tenant, tenant.tags, tenant.tags[0]]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    expect(Object.isFrozen(read({}).principal.claims)).toBe(true);
  });
});
