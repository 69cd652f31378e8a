import { describe, expect, it } from 'vitest';
import { CLAIMS, HEADER, NOW, signed } from './signed-token.fixture.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const quarter = 900;
const expired = { ...CLAIMS, iat: NOW - 960, exp: NOW - 61 };
const token = signed(HEADER, expired, issuerKey.privateKey);
const entry = { kind: 'jti', id: CLAIMS.jti, exp: expired.exp } as const;
const answer = { cursor: 'c', reset: false, more: false, entries: [] };
const code = (verify: () => unknown): string => {
  try {
    verify();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a token that was revoked and has expired, at a clock that is set back by a quarter of an hour', () => {
  it('stays revoked while its entry is there', () => {
    const { verifyAtOnce, clock, revocations } = setUp();
    revocations.confirm([entry], 0);
    clock.ms -= quarter * 1000;
    expect(code(() => verifyAtOnce(token))).toBe('token_revoked');
  });

  it('stays expired when its entry was pruned', () => {
    const { verifyAtOnce, clock, revocations } = setUp();
    revocations.confirm([entry], 0);
    revocations.prune(NOW);
    expect(revocations.size).toBe(0);
    clock.ms -= quarter * 1000;
    expect(code(() => verifyAtOnce(token))).toBe('token_expired');
  });

  it('stays expired when the source left its entry out', () => {
    const { verifyAtOnce, clock, revocations } = setUp();
    clock.ms -= quarter * 1000;
    revocations.apply({ ...answer, reset: true, expiredBefore: NOW - 60 }, 0);
    expect(code(() => verifyAtOnce(token))).toBe('token_expired');
  });
});

it('a token is refused once more than a minute expired at the issuer, and let in before', () => {
  const { verifyAtOnce, clock, revocations } = setUp();
  clock.ms -= quarter * 1000;
  revocations.apply({ ...answer, reset: true, expiredBefore: expired.exp }, 0);
  expect(code(() => verifyAtOnce(token))).toBe('ok');
  revocations.apply({ ...answer, expiredBefore: expired.exp + 1 }, 0);
  expect(code(() => verifyAtOnce(token))).toBe('token_expired');
});

it('a machine whose clock was ahead lets tokens in again when that is set right', () => {
  const { verifyAtOnce, clock, revocations } = setUp();
  const alive = signed(HEADER, CLAIMS, issuerKey.privateKey);
  revocations.apply({ ...answer, expiredBefore: NOW + quarter }, 0);
  clock.ms += quarter * 1000;
  expect(code(() => verifyAtOnce(alive))).toBe('token_expired');
  clock.ms -= quarter * 1000;
  expect(code(() => verifyAtOnce(alive))).toBe('token_expired');
  revocations.apply({ ...answer, reset: true, expiredBefore: NOW - 60 }, 0);
  expect(code(() => verifyAtOnce(alive))).toBe('ok');
});
