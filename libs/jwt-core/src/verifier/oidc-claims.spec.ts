import { describe, expect, it } from 'vitest';
import type { Expected } from './claims.js';
import type { MapClaims } from './mapped-claims.js';
import { readOidcClaims } from './oidc-claims.js';
import { AUDIENCE, ISSUER, NOW } from './signed-token.fixture.js';

/** The claims of a token as Keycloak makes it for a user. */
const KEYCLOAK = {
  exp: NOW + 300,
  iat: NOW,
  jti: 'onrtac:5d2d6a4c-4f3e-4f0a-9a0f-0f5f3c1a2b3c',
  iss: ISSUER,
  aud: [AUDIENCE, 'account'],
  sub: 'ada',
  typ: 'Bearer',
  azp: 'shop',
  sid: 'f4b7a4d2-6f5e-4f7c-8f3a-0c2b1d3e4f5a',
  scope: 'openid email orders:read',
  realm_access: { roles: ['clerk'] },
};

const read = (changes: Record<string, unknown>, expected: Partial<Expected> = {}) =>
  readOidcClaims(
    JSON.parse(JSON.stringify({ ...KEYCLOAK, ...changes })) as Record<string, unknown>,
    { issuer: ISSUER, audience: AUDIENCE, profile: 'oidc', ...expected },
    NOW + 10,
  );
const principalOf = (changes: Record<string, unknown>, mapClaims?: MapClaims) =>
  read(changes, { mapClaims }).principal;
const invalid = (message: string | RegExp): unknown =>
  expect.objectContaining({
    code: 'token_invalid',
    message: expect.stringMatching(message) as unknown,
  });

describe('readOidcClaims', () => {
  it('reads the principal of a user, with all claims of the token', () => {
    const { principal, notBeforeSeconds, tokenVersion } = read({});
    expect([notBeforeSeconds, tokenVersion]).toEqual([NOW, undefined]);
    expect(principal).toEqual({
      issuer: ISSUER,
      subject: 'ada',
      clientId: 'shop',
      tokenId: KEYCLOAK.jti,
      sessionId: KEYCLOAK.sid,
      scopes: ['openid', 'email', 'orders:read'],
      roles: [],
      issuedAt: NOW,
      expiresAt: NOW + 300,
      claims: KEYCLOAK,
    });
    for (const value of [principal, principal.claims, principal.claims['realm_access']]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
  });

  it.each([
    ['client_id', { client_id: 'shop', azp: undefined }, 'shop'],
    ['client_id before azp', { client_id: 'shop', azp: 'web' }, 'shop'],
    ['azp', { azp: 'web' }, 'web'],
  ])('takes the client from %s', (_name, changes, clientId) => {
    expect(principalOf(changes).clientId).toBe(clientId);
  });

  it.each([
    [{ scope: 'a b' }, ['a', 'b']],
    [{ scope: undefined, scp: 'a b' }, ['a', 'b']],
    [{ scope: undefined, scp: ['a', 'b'] }, ['a', 'b']],
    [{ scope: undefined, scp: [] }, []],
    [{ scope: 'a', scp: ['b'] }, ['a']],
    [{ scope: undefined }, []],
  ])('takes the scopes of %j', (changes, scopes) => {
    expect(principalOf(changes).scopes).toEqual(scopes);
  });

  it.each([[['clerk']], ['clerk'], [{ a: 1 }], [[1]], [undefined]])(
    'takes the roles %j only if they are a list of names',
    (roles) => {
      expect(principalOf({ roles }).roles).toEqual(
        Array.isArray(roles) && roles[0] !== 1 ? roles : [],
      );
    },
  );

  // RFC 7519 section 2
  it('takes times with fractions', () => {
    const { principal, notBeforeSeconds } = read({
      iat: NOW + 0.25,
      nbf: NOW + 0.5,
      exp: NOW + 9.75,
    });
    expect([principal.issuedAt, notBeforeSeconds, principal.expiresAt]).toEqual([
      NOW + 0.25,
      NOW + 0.5,
      NOW + 9.75,
    ]);
  });

  it('takes the largest time that is exact', () => {
    const nbf = Number.MAX_SAFE_INTEGER;
    expect(read({ nbf }).notBeforeSeconds).toBe(nbf);
  });

  it('gives a token without jti the same id for the same claims, and no other', () => {
    const [one, same, other] = [{}, {}, { sub: 'eve' }].map(
      (changes) => principalOf({ jti: undefined, ...changes }).tokenId,
    );
    expect(one).toMatch(/^[\w-]{43}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  it('takes a token without iat, as one that each revocation of its client covers', () => {
    const { principal, notBeforeSeconds } = read({ iat: undefined, nbf: NOW + 1 });
    expect([principal.issuedAt, notBeforeSeconds]).toEqual([0, NOW + 1]);
    // The day begins with the first sight of it.
    expect(read({ iat: undefined, exp: NOW + 10 + 86_400 })).toBeDefined();
    expect(() => read({ iat: undefined, exp: NOW + 11 + 86_400 })).toThrow(invalid('exp'));
    expect(() => read({ iat: undefined }, { maxLifetimeMs: 900_000 })).toThrow(invalid('iat'));
  });

  // threat:immortal-tokens
  it('bounds the life of a token as the issuer is bound', () => {
    expect(read({ exp: NOW + 900 }, { maxLifetimeMs: 900_000 })).toBeDefined();
    expect(() => read({ exp: NOW + 900.5 }, { maxLifetimeMs: 900_000 })).toThrow(invalid('exp'));
    expect(read({ exp: NOW + 86_400 })).toBeDefined();
    expect(() => read({ exp: NOW + 86_400.5 })).toThrow(invalid('exp'));
  });

  // threat:cross-jwt-confusion
  it.each<[string, Record<string, unknown>]>([
    ['a nonce', { nonce: 'n' }],
    ['at_hash', { at_hash: 'x' }],
    ['c_hash', { c_hash: 'x' }],
    ['s_hash', { s_hash: 'x' }],
    ['an empty nonce', { nonce: '' }],
    ['events, as a logout token', { events: {} }],
    ['a key that it is bound to', { cnf: { jkt: 'x' } }],
    ['the typ of an ID token', { typ: 'ID' }],
    ['the typ of a refresh token', { typ: 'Refresh' }],
    ['the typ of an offline token', { typ: 'Offline' }],
    ['the typ of a logout token', { typ: 'Logout' }],
    ['token_use id', { token_use: 'id' }],
    ['an unknown token_use', { token_use: ['access'] }],
    ['an audience that is its client', { aud: AUDIENCE, azp: AUDIENCE }],
    ['audiences that are all its client', { aud: [AUDIENCE, AUDIENCE], client_id: AUDIENCE }],
  ])('refuses a token with %s', (_name, changes) => {
    expect(() => read(changes)).toThrow(invalid('not an access token'));
  });

  it.each(['Bearer', 'grid', 'identity', 'my offline', { toString: 1 }])(
    'takes a token of typ %s',
    (typ) => {
      expect(principalOf({ typ }).subject).toBe('ada');
    },
  );

  it.each([
    [{ events: {} }, 'it has the claim events'],
    [{ typ: 'ID' }, 'typ is that of another kind'],
    [{ typ: ['ID'] }, 'typ is that of another kind'],
    [{ typ: [['ID']] }, 'typ is that of another kind'],
    [{ token_use: 'id' }, 'token_use is not access'],
  ])('says why %j is not an access token', (changes, why) => {
    expect(() => read(changes)).toThrow(invalid(`^not an access token: ${why}$`));
  });

  it('takes a token without a session, and one that says it is an access token', () => {
    expect(principalOf({ sid: undefined }).sessionId).toBeUndefined();
    expect(principalOf({ token_use: 'access', typ: undefined }).sessionId).toBe(KEYCLOAK.sid);
  });

  it('takes a token whose client is one audience of several', () => {
    expect(principalOf({ aud: [AUDIENCE, 'shop'] }).clientId).toBe('shop');
    expect(principalOf({ aud: [AUDIENCE, 'account'], azp: AUDIENCE }).clientId).toBe(AUDIENCE);
  });

  it.each([
    ['iss', [undefined, `${ISSUER}/`, [ISSUER]]],
    ['aud', [undefined, null, '', 'account', ['account'], [[AUDIENCE]], [AUDIENCE, 1], {}]],
    ['sub', [undefined, null, '', 1, 'a\0', 's'.repeat(256)]],
    ['azp', [undefined, null, '', 1, ['shop']]],
    ['jti', [null, '', 1, ['x']]],
    ['sid', [null, '', 1, {}]],
    ['scope', [null, 1, ['a'], 'a\0']],
    ['exp', [undefined, null, String(NOW), 1e308, NOW - 1, NOW, [NOW]]],
    ['iat', [null, String(NOW), 1e308, {}]],
    ['nbf', [null, String(NOW), 2 ** 60, []]],
  ])('refuses a wrong %s', (claim, values) => {
    for (const value of values) {
      expect(() => read({ [claim]: value }), JSON.stringify(value)).toThrow(
        invalid(`the claim ${claim} is missing or wrong`),
      );
    }
  });

  it.each([[null], [1], [{}], [['a', 1]], [['a b']], [['a\0']]])('refuses scp %j', (scp) => {
    expect(() => read({ scope: undefined, scp })).toThrow(invalid('scp|scope'));
  });

  it('refuses times that JSON reads as infinite', () => {
    const expected = { issuer: ISSUER, audience: AUDIENCE };
    for (const claim of ['exp', 'iat', 'nbf']) {
      const payload = { ...KEYCLOAK, [claim]: JSON.parse('1e999') as number };
      expect(() => readOidcClaims(payload, expected, NOW)).toThrow(invalid(claim));
    }
  });

  it('compares aud with each name of the service', () => {
    const audience = ['billing', AUDIENCE];
    expect(read({ aud: 'billing' }, { audience })).toBeDefined();
    expect(read({ aud: ['x', AUDIENCE] }, { audience })).toBeDefined();
    expect(() => read({ aud: 'x' }, { audience })).toThrow(invalid('aud'));
  });
});

describe('mapClaims', () => {
  it('puts what it returns into the principal, frozen and copied', () => {
    const scopes = ['read'];
    const principal = principalOf({}, ({ realm_access: access, sub }) => ({
      scopes,
      roles: (access as { roles: string[] }).roles,
      clientId: 'mapped',
      claims: { upper: (sub as string).toUpperCase(), deep: { list: [1] } },
    }));
    expect(principal).toMatchObject({
      scopes: ['read'],
      roles: ['clerk'],
      clientId: 'mapped',
      claims: { upper: 'ADA', deep: { list: [1] } },
    });
    scopes.push('write');
    expect(principal.scopes).toEqual(['read']);
    const { deep } = principal.claims as { deep: { list: number[] } };
    for (const value of [principal.scopes, principal.roles, deep, deep.list]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
  });

  it('leaves what it does not return', () => {
    expect(principalOf({}, () => ({}))).toEqual(principalOf({}));
  });

  it('names the audience of a token without one, and of no other', () => {
    const byClient: MapClaims = ({ azp }) => ({ audience: azp as string });
    const read2 = (changes: object) =>
      read({ azp: AUDIENCE, ...changes }, { mapClaims: byClient }).principal.clientId;
    expect(read2({ aud: undefined })).toBe(AUDIENCE);
    expect(() => read2({ aud: 'other' })).toThrow(invalid('aud'));
    expect(() => read2({ aud: undefined, azp: 'other' })).toThrow(invalid('aud'));
    expect(() => read2({ aud: null })).toThrow(invalid('aud'));
  });

  // threat:cross-jwt-confusion
  it('does not hide an ID token by another name for its client', () => {
    const byName: MapClaims = () => ({ clientId: 'Web shop' });
    for (const client of ['azp', 'client_id']) {
      const claims = { azp: undefined, aud: AUDIENCE, [client]: AUDIENCE };
      expect(() => principalOf(claims, byName)).toThrow('its audience is its client');
    }
    const both = { azp: AUDIENCE, client_id: 'other', aud: AUDIENCE };
    expect(() => principalOf(both)).toThrow('its audience is its client');
  });

  it('does not end the process if it rejects', async () => {
    const reject = (() => Promise.reject(new Error('no connection'))) as unknown as MapClaims;
    expect(() => principalOf({}, reject)).toThrow(invalid('mapClaims'));
    // An unhandled rejection would end the process, and fails this run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('gets frozen claims, after the kind of the token was checked', () => {
    const seen: unknown[] = [];
    const note: MapClaims = (claims) => ({ claims: { count: seen.push(claims) } });
    principalOf({}, note);
    expect(Object.isFrozen((seen[0] as typeof KEYCLOAK).realm_access)).toBe(true);
    expect(() => principalOf({ nonce: 'n' }, note)).toThrow();
    expect(() => principalOf({ iss: 'https://evil.example.com' }, note)).toThrow();
    expect(seen).toHaveLength(1);
  });

  it('makes the token invalid if it throws, with the error as the cause', () => {
    const cause = new Error('a fault of the application');
    const thrower: MapClaims = () => {
      throw cause;
    };
    expect(() => principalOf({}, thrower)).toThrow(
      expect.objectContaining({
        code: 'token_invalid',
        message: 'mapClaims threw an error',
        cause,
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'mapClaims returned no object'],
    ['null', null, 'mapClaims returned no object'],
    ['a list', [], 'mapClaims returned no object'],
    ['a promise', Promise.resolve({}), 'mapClaims returned no object'],
    ['text for scopes', { scopes: 'a b' }, 'scopes of mapClaims'],
    ['other things for roles', { roles: [1] }, 'roles of mapClaims'],
    ['null for roles', { roles: null }, 'roles of mapClaims'],
    ['an empty client', { clientId: '' }, 'clientId of mapClaims'],
    ['a text for claims', { claims: 'x' }, 'claims of mapClaims'],
    ['null for claims', { claims: null }, 'claims of mapClaims'],
    ['other things for audience', { audience: [AUDIENCE, 1] }, 'audience of mapClaims'],
  ])('makes the token invalid if it returns %s', (_name, result, message) => {
    const mapClaims = (() => result) as MapClaims;
    expect(() => principalOf({}, mapClaims)).toThrow(invalid(message));
  });

  it('may name several audiences of a token without one', () => {
    const mapClaims: MapClaims = () => ({ audience: ['other', AUDIENCE] });
    expect(read({ aud: undefined }, { mapClaims }).principal.subject).toBe('ada');
  });
});
