import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { RevocationList } from '../revocation/revocation-list.js';
import type { Revocation } from '../revocation/revocation.js';
import { CLAIMS, HEADER, KID, newKeyPair, NOW, signed } from './signed-token.fixture.js';
import type { TokenErrorCode } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const strangerKey = newKeyPair();
const token = (claims: object = {}, privateKey = issuerKey.privateKey) =>
  signed(HEADER, { ...CLAIMS, ...claims }, privateKey);
const refusal = (code: TokenErrorCode): unknown =>
  expect.objectContaining({ name: 'TokenError', code });

const revocationsOfIt: Revocation[] = [
  { kind: 'jti', id: CLAIMS.jti, exp: CLAIMS.exp },
  { kind: 'sid', id: CLAIMS.sid, exp: CLAIMS.exp },
  { kind: 'client', id: CLAIMS.client_id, before: CLAIMS.iat, exp: CLAIMS.exp },
  { kind: 'kid', id: KID, exp: CLAIMS.exp },
];
const revocationsOfOthers: Revocation[] = [
  { kind: 'jti', id: CLAIMS.sid, exp: CLAIMS.exp },
  { kind: 'sid', id: CLAIMS.jti, exp: CLAIMS.exp },
  { kind: 'client', id: CLAIMS.client_id, before: CLAIMS.iat - 1, exp: CLAIMS.exp },
  { kind: 'kid', id: 'other', exp: CLAIMS.exp },
];
const add = (list: RevocationList, entry: Revocation) =>
  list.apply({ cursor: '', reset: false, more: false, entries: [entry] }, 0);

describe('AccessTokenVerifier and revocations', () => {
  it.each(revocationsOfIt)('refuses a token by its $kind, new or remembered', (entry) => {
    const { verifyAtOnce, revocations } = setUp();
    const text = token();
    expect(verifyAtOnce(text)).toBeDefined();
    expect(verifyAtOnce(text)).toBeDefined();
    add(revocations, entry);
    expect(() => verifyAtOnce(text)).toThrow(refusal('token_revoked'));
    expect(() => verifyAtOnce(text)).toThrow(refusal('token_revoked'));
    expect(() => setUp({ revocations }).verifyAtOnce(text)).toThrow(refusal('token_revoked'));
  });

  it.each(revocationsOfOthers)("is not moved by another's $kind", (entry) => {
    const { verifyAtOnce, revocations } = setUp();
    add(revocations, entry);
    expect(verifyAtOnce(token())).toBeDefined();
  });

  it('looks for a remembered token again only when the list has grown', () => {
    const { verifyAtOnce, revocations } = setUp();
    const isRevoked = vi.spyOn(revocations, 'isRevoked');
    const text = token();
    for (let n = 0; n < 5; n++) verifyAtOnce(text);
    expect(isRevoked).toHaveBeenCalledTimes(1);
    add(revocations, { kind: 'jti', id: 'other', exp: CLAIMS.exp });
    for (let n = 0; n < 5; n++) verifyAtOnce(text);
    expect(isRevoked).toHaveBeenCalledTimes(2);
  });

  it.each<[string, number, number | undefined, TokenErrorCode | 'accepted']>([
    ['by default as old as the list allows', 30_000, undefined, 'accepted'],
    ['by default no older than the list allows', 30_001, undefined, 'revocations_stale'],
    ['no older than a route allows', 2001, 2000, 'revocations_stale'],
    ['as old as a route allows', 2000, 2000, 'accepted'],
    ['of any age where a route accepts that', 1e9, Infinity, 'accepted'],
    ['never by NaN', 0, NaN, 'revocations_stale'],
  ])('trusts a list %s, for a new token and a remembered one', (_, age, allowed, outcome) => {
    const { verifyAtOnce, clock } = setUp();
    const remembered = token();
    verifyAtOnce(remembered);
    clock.monotonicMs = age;
    for (const text of [remembered, token({ jti: 'new' })]) {
      if (outcome === 'accepted') expect(verifyAtOnce(text, allowed)).toBeDefined();
      else expect(() => verifyAtOnce(text, allowed)).toThrow(refusal(outcome));
    }
  });

  it('never trusts a list that was not read yet', () => {
    const { verifyAtOnce } = setUp({ revocations: new RevocationList({ maxStalenessMs: 30_000 }) });
    expect(() => verifyAtOnce(token(), Infinity)).toThrow(refusal('revocations_stale'));
  });

  it('says of a token known to be revoked that it is, however old the list', () => {
    const { verifyAtOnce, clock, revocations } = setUp();
    add(revocations, revocationsOfIt[0]!);
    clock.monotonicMs = 1e9;
    expect(() => verifyAtOnce(token())).toThrow(refusal('token_revoked'));
    expect(() => verifyAtOnce(token({ jti: 'other' }))).toThrow(refusal('revocations_stale'));
  });
});

describe('AccessTokenVerifier and tokens it has seen', () => {
  it('checks a signature once', () => {
    const { verifyAtOnce, used } = setUp();
    const text = token();
    const principals = Array.from({ length: 5 }, () => verifyAtOnce(text));
    expect(used).toEqual([KID]);
    expect(new Set(principals).size).toBe(1);
  });

  it('parses a header once that token after token has', () => {
    const { verifyAtOnce } = setUp();
    const other = signed({ ...HEADER, typ: 'AT+JWT' }, CLAIMS, issuerKey.privateKey);
    const tokens = [token({ jti: 'a' }), token({ jti: 'b' }), token({ jti: 'c' }), other];
    const parse = vi.spyOn(JSON, 'parse');
    const parsed = tokens.map((text) => {
      parse.mockClear();
      verifyAtOnce(text);
      return parse.mock.calls.length;
    });
    parse.mockRestore();
    // The header and the claims, or the claims alone.
    expect(parsed).toEqual([2, 1, 1, 2]);
  });

  it('checks it each time when nothing may be remembered', () => {
    const { verifyAtOnce, used } = setUp({ rememberedTokens: 0 });
    const text = token();
    for (let n = 0; n < 3; n++) verifyAtOnce(text);
    expect(used).toEqual([KID, KID, KID]);
  });

  it('refuses a remembered token once it expires, or the clock goes back before it', () => {
    const { verifyAtOnce, clock } = setUp();
    const text = token();
    verifyAtOnce(text);
    clock.ms = (CLAIMS.exp + 5) * 1000 - 1;
    expect(verifyAtOnce(text)).toBeDefined();
    clock.ms = (CLAIMS.exp + 5) * 1000;
    expect(() => verifyAtOnce(text)).toThrow(refusal('token_expired'));
    clock.ms = (CLAIMS.iat - 6) * 1000;
    expect(() => verifyAtOnce(text)).toThrow(refusal('token_invalid'));
  });

  it('refuses a remembered token whose key was withdrawn', async () => {
    const { verifier, verifyAtOnce, atHand } = setUp();
    const text = token();
    verifyAtOnce(text);
    atHand.clear();
    await expect(verifier.verify(text)).rejects.toThrow(refusal('token_invalid'));
  });

  it('checks the signature again when another key has the same kid', () => {
    const { verifyAtOnce, atHand, newKey, used } = setUp();
    const text = token();
    verifyAtOnce(text);
    atHand.set(KID, newKey());
    expect(verifyAtOnce(text)).toBeDefined();
    expect(used).toHaveLength(2);
    atHand.set(KID, { kid: KID, publicKey: strangerKey.publicKey });
    expect(() => verifyAtOnce(text)).toThrow(refusal('token_invalid'));
  });

  // threat:cache-flooding
  it('remembers no token that it refused', () => {
    const { verifyAtOnce, revocations, used } = setUp({ rememberedTokens: 1 });
    const text = token();
    verifyAtOnce(text);
    add(revocations, { kind: 'jti', id: 'dead', exp: CLAIMS.exp });
    const refused = [
      token({}, strangerKey.privateKey),
      token({ aud: 'other' }),
      token({ exp: NOW - 10 }),
      token({ jti: 'dead' }),
    ];
    for (const bad of refused) expect(() => verifyAtOnce(bad)).toThrow();
    used.length = 0;
    expect(verifyAtOnce(text)).toBeDefined();
    expect(used).toEqual([]);
  });

  it('takes no token for another that ends like it', async () => {
    const { verifier } = setUp();
    const verify = async (candidate: string) => verifier.verify(candidate);
    const text = token();
    await verify(text);
    for (let at = 0; at < text.length - 12; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      await expect(verify(changed)).rejects.toThrow(refusal('token_invalid'));
    }
  });

  it('keeps the token alone, not the longer text that it was cut from', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { verifyAtOnce } = setUp();
    const before = (collect(), process.memoryUsage().heapUsed);
    for (let n = 0; n < 20; n++) {
      const text = token({ jti: `jti-${n}` });
      const header = Buffer.from(text.padStart(4_000_000)).toString('latin1');
      verifyAtOnce(header.slice(header.length - text.length));
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  });
});
