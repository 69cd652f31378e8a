import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { provenToken } from './admission.js';
import { AUDIENCE, CLAIMS, ISSUER, KID, newKeyPair, NOW } from './signed-token.fixture.js';
import { type VerifiedToken, VerifiedTokens } from './verified-tokens.js';

const key = { kid: KID, publicKey: createPublicKey(newKeyPair().privateKey) };

/** A token of which only what this memory looks at matters: the text, and when it expires. */
const verified = (token: string, expiresAtSeconds = NOW + 900): VerifiedToken => {
  const proven = provenToken(CLAIMS, { issuer: ISSUER, audience: AUDIENCE }, KID, NOW);
  return { token, key, proven: { ...proven, expiresAtSeconds } };
};
const numbered = (n: number) => `header.payload-${n}.signature-${String(n).padStart(12, '0')}`;
const isThere = (tokens: VerifiedTokens, token: string) => tokens.find(token) !== undefined;

describe('VerifiedTokens', () => {
  it('finds the very token, and none that only ends like it', () => {
    const tokens = new VerifiedTokens(10);
    const one = verified('header.payload.signature-0123456789ab');
    tokens.remember(one, NOW);
    expect(tokens.find(Buffer.from(one.token).toString('latin1'))).toMatchObject(one);
    expect(tokens.find('header.other.signature-0123456789ab')).toBeUndefined();
    expect(tokens.find('0123456789ab')).toBeUndefined();
    expect(tokens.find('')).toBeUndefined();
  });

  // threat:cache-confusion
  it('finds each of several tokens that end alike, until its own turn to go', () => {
    const tokens = new VerifiedTokens(3);
    const alike = ['one', 'two', 'three', 'four', 'five', 'six'].map((payload) =>
      verified(`header.${payload}.signature-0123456789ab`),
    );
    for (const [index, each] of alike.entries()) {
      tokens.remember(each, NOW);
      const kept = alike.filter(({ token }) => tokens.find(token)?.token === token);
      expect(kept).toEqual(alike.slice(Math.max(0, index - 2), index + 1));
    }
  });

  it('gives the later verification of a token that was verified twice', () => {
    const tokens = new VerifiedTokens(2);
    const [first, second] = [verified(numbered(1)), verified(numbered(1), NOW + 100)];
    tokens.remember(first, NOW);
    tokens.remember(second, NOW);
    expect(tokens.find(numbered(1))?.proven).toBe(second.proven);
    tokens.remember(verified(numbered(2)), NOW);
    expect(tokens.find(numbered(1))?.proven).toBe(second.proven);
    tokens.remember(verified(numbered(3)), NOW);
    expect(isThere(tokens, numbered(1))).toBe(false);
  });

  it('keeps the last ones, up to its capacity', () => {
    const tokens = new VerifiedTokens(100);
    for (let n = 0; n < 1050; n++) {
      tokens.remember(verified(numbered(n)), NOW);
      expect(tokens.size).toBe(Math.min(n + 1, 100));
    }
    const kept = Array.from({ length: 1050 }, (_, n) => n).filter((n) =>
      isThere(tokens, numbered(n)),
    );
    expect(kept).toEqual(Array.from({ length: 100 }, (_, n) => 950 + n));
  });

  it('keeps none when it may keep none', () => {
    const tokens = new VerifiedTokens(0);
    tokens.remember(verified(numbered(1)), NOW);
    expect(tokens.size).toBe(0);
    expect(isThere(tokens, numbered(1))).toBe(false);
  });

  it('lets expired tokens go, two for each that comes', () => {
    const tokens = new VerifiedTokens(100);
    for (let n = 0; n < 50; n++) tokens.remember(verified(numbered(n), NOW + 10), NOW);
    tokens.remember(verified(numbered(50), NOW + 900), NOW + 9);
    expect(tokens.size).toBe(51);
    const sizes: number[] = [];
    for (let n = 51; n < 76; n++) {
      tokens.remember(verified(numbered(n), NOW + 900), NOW + 10);
      sizes.push(tokens.size);
    }
    expect(sizes).toEqual(Array.from({ length: 25 }, (_, at) => 50 - at));
    expect(isThere(tokens, numbered(49))).toBe(false);
    expect(isThere(tokens, numbered(50))).toBe(true);
  });

  it('has room again for as many after all have expired', () => {
    const tokens = new VerifiedTokens(3);
    for (let n = 0; n < 3; n++) tokens.remember(verified(numbered(n), NOW + 10), NOW);
    for (let n = 3; n < 6; n++) tokens.remember(verified(numbered(n), NOW + 900), NOW + 20);
    expect([3, 4, 5].every((n) => isThere(tokens, numbered(n)))).toBe(true);
    expect(tokens.size).toBe(3);
  });
});
