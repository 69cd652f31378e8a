import { describe, expect, it, vi } from 'vitest';
import type { AccessTokenVerifier } from './access-token-verifier.js';
import { IssuersVerifier } from './issuers-verifier.js';
import { newReference } from './reference-tokens.fixture.js';
import { CLAIMS, HEADER, ISSUER, segment, signed } from './signed-token.fixture.js';
import { TokenError } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const OTHER = 'https://other.example.com';
const token = (claims: object = {}) =>
  signed(HEADER, { ...CLAIMS, ...claims }, issuerKey.privateKey);
const ofOther = token({ iss: OTHER });
const invalid: unknown = expect.objectContaining({ code: 'token_invalid' });

const start = (referencesOfOther?: (token: string) => Promise<object | undefined>) => {
  const one = setUp().verifier;
  const resolve = referencesOfOther as (token: string) => Promise<Record<string, unknown>>;
  const referenceTokens = referencesOfOther && { resolve };
  const two = setUp({ issuer: OTHER, referenceTokens }).verifier;
  const byIssuer = new Map<string, AccessTokenVerifier>([
    [ISSUER, one],
    [OTHER, two],
  ]);
  return { one, two, verifier: new IssuersVerifier(byIssuer) };
};

describe('IssuersVerifier', () => {
  it('leaves each token to the verifier of its issuer', () => {
    const { verifier, one, two } = start();
    expect(verifier.verify(token())).toMatchObject({ issuer: ISSUER });
    expect(verifier.verify(ofOther)).toMatchObject({ issuer: OTHER });
    expect([one, two].map(({ verdicts }) => verdicts.byVerdict.accepted)).toEqual([1, 1]);
    expect(verifier.verdicts.byVerdict.accepted).toBe(2);
  });

  it('passes on how old the revocation list may be', () => {
    const { verifier, one } = start();
    const verify = vi.spyOn(one, 'verify');
    const text = token();
    void verifier.verify(text, 2_000);
    expect(verify).toHaveBeenCalledWith(text, 2_000);
  });

  it('parses no claims of a token that is remembered', () => {
    const { verifier } = start();
    const text = token({ jti: 'seen' });
    void verifier.verify(text);
    const parse = vi.spyOn(JSON, 'parse');
    void verifier.verify(text);
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
    expect(verifier.remembered).toEqual({ tokens: 1, uses: 1 });
    void verifier.verify(ofOther);
    expect(verifier.remembered).toEqual({ tokens: 2, uses: 1 });
  });

  it.each([
    ['another issuer', token({ iss: 'https://evil.example.com' })],
    ['no issuer', token({ iss: undefined })],
    ['an issuer in a list', token({ iss: [ISSUER] })],
    ['an empty issuer', token({ iss: '' })],
    ['a payload that is null', `${segment(HEADER)}.${segment(null)}.AAAA`],
    ['a payload that is no JSON', `${segment(HEADER)}.${segment('{')}.AAAA`],
    ['one segment', 'token'],
    ['no text', 1 as unknown as string],
    ['a reference that no issuer resolves', newReference()],
    // threat:oversized-tokens
    ['more than 8 KiB', `${segment(HEADER)}.${segment({ iss: ISSUER })}.`.padEnd(8193, 'A')],
  ])('refuses a token with %s, and counts it', (_name, text) => {
    const { verifier, one, two } = start();
    expect(() => verifier.verify(text)).toThrow(invalid);
    expect(() => verifier.watch(text)).toThrow(invalid);
    const asked = [one, two].map(({ verdicts }) => verdicts.byVerdict.token_invalid);
    expect([verifier.verdicts.byVerdict.token_invalid, ...asked]).toEqual([1, 0, 0]);
  });

  it('lets the verifier of an issuer judge a token of 8 KiB', () => {
    const { verifier, one } = start();
    const text = `${segment(HEADER)}.${segment({ iss: ISSUER })}.`.padEnd(8192, 'A');
    expect(() => verifier.verify(text)).toThrow(TokenError);
    expect(one.verdicts.byVerdict.token_invalid).toBe(1);
  });

  it('gives reference tokens to the issuer that resolves them, and counts the answers', async () => {
    const active = newReference();
    const { verifier, two } = start(async (asked) =>
      asked === active ? { ...CLAIMS, iss: OTHER } : undefined,
    );
    expect(await verifier.verify(active)).toMatchObject({ issuer: OTHER });
    await expect(verifier.verify(newReference())).rejects.toThrow(invalid);
    const counted = { accepted: 1, token_invalid: 1 };
    expect([verifier.verdicts.byVerdict, two.verdicts.byVerdict]).toMatchObject([counted, counted]);
  });

  it('watches a token by the verifier of its issuer', async () => {
    const { verifier } = start();
    const watch = await verifier.watch(ofOther);
    expect(watch.endedBy()).toBeUndefined();
    expect(verifier.verdicts.byVerdict.accepted).toBe(0);
  });
});
