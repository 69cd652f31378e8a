import { describe, expect, it } from 'vitest';
import { provenToken } from './admission.js';
import type { Expected } from './claims.js';
import { AUDIENCE, CLAIMS, ISSUER } from './signed-token.fixture.js';
import type { JsonObject } from './strict-json.js';

const expected = { issuer: ISSUER, audience: AUDIENCE };
const nowSeconds = Date.now() / 1000;
/** Without `iat`, which only an OpenID Connect provider may leave out. */
const livingFor = (seconds: number) => ({
  ...CLAIMS,
  iat: undefined,
  exp: Math.floor(nowSeconds) + seconds,
});

const proven = (claims: JsonObject, options: Expected) =>
  provenToken(claims, options, undefined, nowSeconds);

describe('provenToken', () => {
  it('reads the claims by the profile of the issuer', () => {
    const claims = livingFor(60);
    expect(proven(claims, { ...expected, profile: 'oidc' })).toMatchObject({
      revocable: { kid: undefined, issuedAt: 0 },
      expiresAtSeconds: claims.exp,
    });
    for (const profile of [undefined, 'rfc9068'] as const) {
      expect(() => proven(claims, { ...expected, profile })).toThrow('iat');
    }
  });

  it('has no session if the claims name none', () => {
    expect(proven({ ...CLAIMS, sid: undefined }, expected).revocable.sessionId).toBeUndefined();
  });

  it('bounds the life of a token without iat from now on', () => {
    const oidc = { ...expected, profile: 'oidc' } as const;
    expect(proven(livingFor(86_000), oidc)).toBeDefined();
    expect(() => proven(livingFor(172_800), oidc)).toThrow('exp');
  });
});
