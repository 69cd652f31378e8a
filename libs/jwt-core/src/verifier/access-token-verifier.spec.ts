import { createHmac, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { KeySet } from './key-set.js';
import type { AccessTokenVerifierOptions } from './access-token-verifier.js';
import { newReference } from './reference-tokens.fixture.js';
import { CLAIMS, HEADER, newKeyPair, NOW, segment, signed } from './signed-token.fixture.js';
import { TokenError, type TokenErrorCode } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const strangerKey = newKeyPair();

const token = (claims: object = {}, header: object = {}, privateKey = issuerKey.privateKey) =>
  signed({ ...HEADER, ...header }, { ...CLAIMS, ...claims }, privateKey);

const refusal = (code: TokenErrorCode): unknown =>
  expect.objectContaining({ name: 'TokenError', code });

/** The claims with a value that no UTF-8 can hold, as JSON can write it. */
const loneSurrogate = (claim: 'sub' | 'jti') =>
  JSON.stringify({ ...CLAIMS, [claim]: 'LONE' }).replace('LONE', 'a\\ud800');

const hs256 = (secret: string | Buffer) => {
  const input = `${segment({ ...HEADER, alg: 'HS256' })}.${segment(CLAIMS)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
};
const pem = issuerKey.publicKey.export({ type: 'spki', format: 'pem' });
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' });

describe('AccessTokenVerifier', () => {
  it('returns the principal of a good token synchronously', () => {
    const { verifier, asked } = setUp();
    expect(verifier.verify(token())).toMatchObject({ subject: CLAIMS.sub, tokenId: CLAIMS.jti });
    expect(asked).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['an opaque token', 'mF_9.B5f-4.1JqM'],
    ['a reference token, with nothing that resolves it', newReference()],
    ['one of another key', token({}, {}, strangerKey.privateKey)],
    [
      'one of another key that it brings along',
      token({}, { jwk: jwkOf(strangerKey.publicKey) }, strangerKey.privateKey),
    ],
    // threat:signature-stripping
    ['one without a signature', token().replace(/[^.]*$/, '')],
    ['one with alg none', `${segment({ ...HEADER, alg: 'none' })}.${segment(CLAIMS)}.`],
    // threat:algorithm-confusion
    ['one signed as HS256 with the public key', hs256(pem)],
    // threat:cross-jwt-confusion
    ['one of typ JWT', token({}, { typ: 'JWT' })],
    ['one with crit', token({}, { crit: ['exp'] })],
    ['one whose payload is an array', signed(HEADER, [CLAIMS], issuerKey.privateKey)],
    [
      'one with a claim twice',
      signed(HEADER, JSON.stringify(CLAIMS).replace('{', '{"sub":"eve",'), issuerKey.privateKey),
    ],
    ['one of another issuer', token({ iss: 'https://evil.example.com' })],
    // threat:token-substitution
    ['one for another audience', token({ aud: 'other' })],
    ['one with a sub that is no text', signed(HEADER, loneSurrogate('sub'), issuerKey.privateKey)],
    ['one with a jti that is no text', signed(HEADER, loneSurrogate('jti'), issuerKey.privateKey)],
    ['undefined', undefined as unknown as string],
    ['null', null as unknown as string],
    ['a number', 1 as unknown as string],
    ['an array that holds a good one', [token({})] as unknown as string],
    ['an object that becomes a good one', { toString: () => token({}) } as unknown as string],
    ['one over 8 KiB', token({ claims: { filler: 'x'.repeat(7000) } })],
  ])('refuses %s', (_, bad) => {
    const { verifier } = setUp();
    expect(() => verifier.verify(bad)).toThrow(refusal('token_invalid'));
  });

  // threat:forged-claims
  it('looks at nothing in a payload before its signature', () => {
    const { verifier } = setUp();
    const bad = ['{', 'null', '{"a":1,"a":1}', JSON.stringify({ ...CLAIMS, exp: 1, iat: 0 })];
    for (const payload of bad) {
      const [, claims, signature] = token().split('.');
      const [header] = token().split('.');
      expect(claims).not.toBe(segment(payload));
      expect(() => verifier.verify(`${header}.${segment(payload)}.${signature}`)).toThrow(
        'wrong signature',
      );
    }
  });

  describe('by its clock, with 5 s of tolerance', () => {
    it.each<[string, object, TokenErrorCode | 'accepted']>([
      ['exp 4 s ago', { exp: NOW - 4 }, 'accepted'],
      ['exp 5 s ago', { exp: NOW - 5 }, 'token_expired'],
      ['exp an hour ago', { iat: NOW - 7200, exp: NOW - 3600 }, 'token_expired'],
      ['iat in 5 s', { iat: NOW + 5 }, 'accepted'],
      ['iat in 6 s', { iat: NOW + 6 }, 'token_invalid'],
      ['nbf in 5 s', { nbf: NOW + 5 }, 'accepted'],
      ['nbf in 6 s', { nbf: NOW + 6 }, 'token_invalid'],
      ['iat in 6 s, and nbf past', { iat: NOW + 6, nbf: NOW - 60 }, 'token_invalid'],
      ['exp past, and nbf ahead', { exp: NOW - 5, nbf: NOW + 6 }, 'token_invalid'],
      ['exp past, and another audience', { exp: NOW - 5, aud: 'other' }, 'token_invalid'],
      ['exp past, and no jti', { exp: NOW - 5, jti: undefined }, 'token_invalid'],
    ])('judges %s: %s', (_, claims, outcome) => {
      const { verifier } = setUp();
      const verify = () => verifier.verify(token(claims));
      if (outcome === 'accepted') expect(verify()).toMatchObject({ subject: CLAIMS.sub });
      else expect(verify).toThrow(refusal(outcome));
    });

    it('says nothing of expiry for a token with a wrong signature', () => {
      const { verifier } = setUp();
      const forged = token({ iat: NOW - 7200, exp: NOW - 3600 }, {}, strangerKey.privateKey);
      expect(() => verifier.verify(forged)).toThrow(refusal('token_invalid'));
    });

    it('has no tolerance if it is set to 0', () => {
      const { verifier } = setUp({ clockToleranceSeconds: 0 });
      expect(() => verifier.verify(token({ exp: NOW }))).toThrow(refusal('token_expired'));
      expect(() => verifier.verify(token({ iat: NOW + 1 }))).toThrow(refusal('token_invalid'));
      expect(verifier.verify(token({ iat: NOW, exp: NOW + 1 }))).toBeDefined();
    });
  });

  describe('when the key is not in memory', () => {
    it('fetches it, and returns a promise', async () => {
      const key = { kid: 'new', publicKey: issuerKey.publicKey };
      const find = async () => key;
      const { verifier } = setUp({ keys: { get: () => undefined, find } });
      const answer = verifier.verify(token({}, { kid: 'new' }));
      expect(answer).toBeInstanceOf(Promise);
      await expect(answer).resolves.toMatchObject({ subject: CLAIMS.sub });
      const forged = token({}, { kid: 'new' }, strangerKey.privateKey);
      await expect(verifier.verify(forged)).rejects.toThrow(refusal('token_invalid'));
    });

    it('refuses a kid that the issuer does not know', async () => {
      const { verifier, asked } = setUp();
      const answer = verifier.verify(token({}, { kid: 'unknown' }));
      await expect(answer).rejects.toThrow(refusal('token_invalid'));
      expect(asked).toEqual(['unknown']);
    });

    it('keeps tokens apart that wait for it together', async () => {
      const { newKey } = setUp();
      const { verifier } = setUp({ keys: { get: () => undefined, find: async () => newKey() } });
      const answers = ['ada', 'bob', 'eve'].map(async (sub) => verifier.verify(token({ sub })));
      const principals = await Promise.all(answers);
      expect(principals.map(({ subject }) => subject)).toEqual(['ada', 'bob', 'eve']);
    });

    it('passes on that the issuer cannot be asked', async () => {
      const down = new TokenError('keys_unavailable', 'no answer');
      const keys: KeySet = { get: () => undefined, find: () => Promise.reject(down) };
      await expect(setUp({ keys }).verifier.verify(token())).rejects.toBe(down);
    });

    it('does not ask for the sake of a token whose form is wrong', () => {
      const { verifier, asked } = setUp();
      for (const bad of [
        `${token({}, { kid: 'unknown' })}=`,
        token({}, { kid: 'x', alg: 'none' }),
        token().replace(/^[^.]*/, ''),
      ]) {
        expect(() => verifier.verify(bad)).toThrow(refusal('token_invalid'));
      }
      expect(asked).toEqual([]);
    });
  });

  it.each<[string, Partial<AccessTokenVerifierOptions>]>([
    ['an empty issuer', { issuer: '' }],
    ['an empty audience', { audience: '' }],
    ['NaN for a tolerance', { clockToleranceSeconds: NaN }],
    ['a negative tolerance', { clockToleranceSeconds: -1 }],
    ['a tolerance for which revocations are not kept', { clockToleranceSeconds: 60 }],
    ['NaN for a number of tokens', { rememberedTokens: NaN }],
    ['a negative number of tokens', { rememberedTokens: -1 }],
    ['half a token', { rememberedTokens: 0.5 }],
    ['more tokens than there is room for', { rememberedTokens: 10_000_001 }],
  ])('is not made with %s', (_, options) => {
    expect(() => setUp(options)).toThrow(TypeError);
  });
});
