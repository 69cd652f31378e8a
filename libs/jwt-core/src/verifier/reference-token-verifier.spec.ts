import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Revocation } from '../revocation/revocation.js';
import { isReferenceToken } from './reference-token-verifier.js';
import { newReference, setUp } from './reference-tokens.fixture.js';
import { CLAIMS } from './signed-token.fixture.js';
import type { JsonObject } from './strict-json.js';
import { TokenError, type TokenErrorCode } from './token-error.js';

const zeros = 'A'.repeat(43);

describe('isReferenceToken', () => {
  it('knows 256 bits in base64url', () => {
    for (let n = 0; n < 500; n++) {
      expect(isReferenceToken(randomBytes(32).toString('base64url'))).toBe(true);
    }
  });

  it('takes of the last characters exactly the canonical ones', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken = [...alphabet].filter((last) => isReferenceToken(zeros.slice(1) + last));
    expect(taken).toHaveLength(16);
    for (const last of taken) {
      const text = zeros.slice(1) + last;
      expect(Buffer.from(text, 'base64url').toString('base64url')).toBe(text);
    }
  });

  it.each([
    ['nothing', ''],
    ['42 characters', zeros.slice(1)],
    ['44 characters', `A${zeros}`],
    ['padding', `${zeros}=`],
    ['padding in place of a character', `${zeros.slice(1)}=`],
    ['a dot', `A.${zeros.slice(2)}`],
    ['two dots', `A.A.${zeros.slice(4)}`],
    ['the other base64', `+/${zeros.slice(2)}`],
    ['a line break at the end', `${zeros.slice(1)}\n`],
    ['a line break after it', `${zeros}\n`],
    ['a letter of another alphabet', `é${zeros.slice(1)}`],
  ])('refuses %s', (_name, text) => {
    expect(isReferenceToken(text)).toBe(false);
  });
});

const refusal = (code: TokenErrorCode): unknown =>
  expect.objectContaining({ name: 'TokenError', code });
const token = newReference();

const revocationsOfIt: Revocation[] = [
  { kind: 'jti', id: CLAIMS.jti, exp: CLAIMS.exp },
  { kind: 'sid', id: CLAIMS.sid, exp: CLAIMS.exp },
  { kind: 'client', id: CLAIMS.client_id, before: CLAIMS.iat, exp: CLAIMS.exp },
];

describe('ReferenceTokenVerifier', () => {
  it('gives the principal that the claims describe', async () => {
    const { verify, answerWith } = setUp();
    answerWith(async () => ({ ...CLAIMS, active: true, claims: { plan: { seats: 3 } } }));
    const principal = await verify(token);
    expect(principal).toMatchObject({
      subject: CLAIMS.sub,
      tokenId: CLAIMS.jti,
      sessionId: CLAIMS.sid,
      scopes: ['orders:read', 'orders:write'],
      claims: { plan: { seats: 3 } },
    });
    expect(Object.isFrozen(principal.claims['plan'])).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'mail' }],
    ['without a jti', { jti: undefined }],
    ['without an expiry', { exp: undefined }],
    ['that lives for two days', { exp: CLAIMS.iat + 172_800 }],
    ['issued ahead of time', { iat: CLAIMS.iat + 120, exp: CLAIMS.iat + 900 }],
    ['that is bound to a key', { cnf: { jkt: 'x' } }],
    ['whose claims are a list', { claims: [] }],
  ])('refuses one %s, whatever the issuer says of it', async (_name, change) => {
    const { verify, answerWith } = setUp();
    answerWith(async () => ({ ...CLAIMS, ...change }));
    await expect(verify(token)).rejects.toThrow(refusal('token_invalid'));
  });

  it('refuses one that is not active, and introspects it again the next time', async () => {
    const { verify, answerWith, asked } = setUp();
    answerWith(async () => undefined);
    for (let n = 0; n < 2; n++)
      await expect(verify(token)).rejects.toThrow(refusal('token_invalid'));
    expect(asked).toHaveLength(2);
  });

  it('says of one that has expired that it has', async () => {
    const { verify, answerWith } = setUp();
    answerWith(async () => ({ ...CLAIMS, exp: CLAIMS.iat + 10 }));
    await expect(verify(token)).rejects.toThrow(refusal('token_expired'));
  });

  it('passes on the failure of the source to all waiting requests, and asks again afterwards', async () => {
    const { verify, answerWith, asked } = setUp();
    const failure = new TokenError('introspection_unavailable', 'down');
    answerWith(() => Promise.reject(failure));
    const outcomes = await Promise.allSettled([verify(token), verify(token)]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    answerWith(async () => ({ ...CLAIMS }));
    expect(await verify(token)).toBeDefined();
    expect(asked).toHaveLength(2);
  });
});

describe('ReferenceTokenVerifier and sources that read JSON by other rules', () => {
  it.each<[string, Record<string, unknown>]>([
    ['sub', { sub: 'ada\ud800' }],
    ['jti', { jti: '\udfff' }],
    ['roles', { roles: ['user', 'ad\ud801min'] }],
    ['claims', { claims: { 'a\udc00': [] } }],
    ['sid', { sid: 'a\0b' }],
  ])('refuses a %s that is no text', async (_, changes) => {
    const { verify, answerWith } = setUp();
    answerWith(async () => ({ ...CLAIMS, ...changes }));
    await expect(verify(token)).rejects.toThrow(refusal('token_invalid'));
  });
});

describe('ReferenceTokenVerifier and the revocation list', () => {
  const add = ({ revocations }: ReturnType<typeof setUp>, entry: Revocation) =>
    revocations.apply({ cursor: '', reset: false, more: false, entries: [entry] }, 0);

  it.each(revocationsOfIt)('refuses a remembered token at once by its $kind', async (entry) => {
    const harness = setUp();
    await harness.verify(token);
    add(harness, entry);
    await expect(harness.verify(token)).rejects.toThrow(refusal('token_revoked'));
    expect(harness.asked).toHaveLength(1);
  });

  it.each(revocationsOfIt)(
    // threat:revocation-races
    'refuses a token whose $kind is revoked while the issuer is asked',
    async (entry) => {
      const harness = setUp();
      const resolveWith = harness.answerLater();
      const waiting = harness.verify(token);
      add(harness, entry);
      resolveWith({ ...CLAIMS });
      await expect(waiting).rejects.toThrow(refusal('token_revoked'));
    },
  );

  it('is not moved by the revocation of a signing key', async () => {
    const harness = setUp();
    add(harness, { kind: 'kid', id: '', exp: CLAIMS.exp });
    add(harness, { kind: 'kid', id: 'undefined', exp: CLAIMS.exp });
    expect(await harness.verify(token)).toBeDefined();
  });

  it('applies to each waiting request its own limit of freshness', async () => {
    const harness = setUp();
    harness.clock.monotonicMs = 5_000;
    const [strict, usual] = await Promise.allSettled([
      harness.verify(token, 2_000),
      harness.verify(token),
    ]);
    expect(strict).toMatchObject({ reason: refusal('revocations_stale') });
    expect(usual.status).toBe('fulfilled');
    expect(harness.asked).toHaveLength(1);
    harness.clock.monotonicMs = 31_000;
    await expect(harness.verify(token)).rejects.toThrow(refusal('revocations_stale'));
    expect(await harness.verify(token, Infinity)).toBeDefined();
  });
});

describe('ReferenceTokenVerifier and its memory', () => {
  it('introspects a new token once for all simultaneous requests', async () => {
    const { verify, answerLater, asked } = setUp();
    const resolveWith = answerLater();
    const waiting = Array.from({ length: 500 }, () => verify(token));
    resolveWith({ ...CLAIMS });
    expect(new Set(await Promise.all(waiting)).size).toBe(1);
    expect(asked).toEqual([token]);
  });

  it('answers at once while it remembers, for 30 seconds from when it asked', async () => {
    const { verify, isAtOnce, pass, answerWith, asked } = setUp();
    answerWith(async () => {
      pass(4_000);
      return { ...CLAIMS };
    });
    await verify(token);
    pass(25_999);
    expect(isAtOnce(token)).toBe(true);
    pass(1);
    expect(isAtOnce(token)).toBe(false);
    expect(asked).toHaveLength(2);
  });

  it('remembers by a clock of its own, if it is given none', async () => {
    const { verify, isAtOnce } = setUp({ hasClock: false });
    await verify(token);
    expect(isAtOnce(token)).toBe(true);
  });

  it('refuses a token that is no longer active at the next introspection', async () => {
    const { verify, pass, answerWith } = setUp();
    await verify(token);
    pass(30_000);
    answerWith(async () => undefined);
    await expect(verify(token)).rejects.toThrow(refusal('token_invalid'));
  });

  it('remembers nothing beyond exp, and distinguishes expired from unknown tokens', async () => {
    const { verify, isAtOnce, pass, answerWith, asked, clock } = setUp();
    const exp = clock.ms / 1000 + 10;
    answerWith(async () => ({ ...CLAIMS, exp }));
    await verify(token);
    pass(9_999);
    expect(isAtOnce(token)).toBe(true);
    pass(1);
    // Within the tolerance its issuer may still see time left.
    await verify(token);
    expect(asked).toHaveLength(2);
    answerWith(async () => undefined);
    await expect(verify(token)).rejects.toThrow(refusal('token_expired'));
    expect(asked).toHaveLength(3);
    pass(5_000);
    await expect(verify(token)).rejects.toThrow(refusal('token_expired'));
    expect(asked).toHaveLength(3);
  });

  it('is not fooled by a wall clock that goes back', async () => {
    const { verify, pass, clock, asked } = setUp();
    await verify(token);
    pass(30_000);
    clock.ms -= 20_000;
    await verify(token);
    expect(asked).toHaveLength(2);
  });

  it('never takes one token for another', async () => {
    const { verify, answerWith } = setUp();
    answerWith(async (asked) => (asked === token ? { ...CLAIMS } : undefined));
    await verify(token);
    for (let at = 0; at < 43; at++) {
      const other = `${token.slice(0, at)}${token[at] === 'A' ? 'E' : 'A'}${token.slice(at + 1)}`;
      await expect(verify(other)).rejects.toThrow(refusal('token_invalid'));
    }
  });

  // threat:introspection-flooding
  it('has a bounded number of questions under way, and answers those it knows meanwhile', async () => {
    const { verify, answerWith, answerLater, asked } = setUp();
    await verify(token);
    const resolveWith = answerLater();
    const flood = Array.from({ length: 1_000 }, () => verify(newReference()));
    const outcomes = Promise.allSettled(flood);
    expect(asked).toHaveLength(1 + 64);
    expect(await verify(token)).toBeDefined();
    resolveWith(undefined);
    const codes = (await outcomes).map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as TokenError).code,
    );
    expect(codes.filter((code) => code === 'token_invalid')).toHaveLength(64);
    expect(codes.filter((code) => code === 'introspection_unavailable')).toHaveLength(936);
    answerWith(async () => ({ ...CLAIMS }));
    expect(await verify(newReference())).toBeDefined();
  });
});
