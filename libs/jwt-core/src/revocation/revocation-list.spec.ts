import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compactId } from './compact-id.js';
import { type RevocableToken, RevocationList } from './revocation-list.js';
import type { Revocation } from './revocation.js';

const exp = 2_000_000_000;
const ids = { jti: randomUUID(), sid: randomUUID(), client: 'worker', kid: 'key-1' };

const token = (differing: Partial<RevocableToken> = {}): RevocableToken => ({
  tokenId: compactId(ids.jti),
  sessionId: compactId(ids.sid),
  clientId: ids.client,
  kid: ids.kid,
  issuedAt: 1_000,
  ...differing,
});
const batch = (entries: Revocation[], { reset = false, more = false } = {}) => ({
  cursor: 'c',
  reset,
  more,
  entries,
});
const snapshot = (...entries: Revocation[]) => batch(entries, { reset: true });
const jti = (id: string): Revocation => ({ kind: 'jti', id, exp });
const isDead = (list: RevocationList, id: string) =>
  list.isRevoked(token({ tokenId: compactId(id) }));

function listAt({ maxStalenessMs = 30_000 } = {}) {
  const clock = { nowMs: 0 };
  const list = new RevocationList({ maxStalenessMs, monotonicNow: () => clock.nowMs });
  return { list, clock };
}

describe('what a list revokes', () => {
  it.each<[string, Revocation]>([
    ['the token', { kind: 'jti', id: ids.jti, exp }],
    ['its session', { kind: 'sid', id: ids.sid, exp }],
    ['its client, up to a later second', { kind: 'client', id: ids.client, exp, before: 1_001 }],
    ['its client, up to this second', { kind: 'client', id: ids.client, exp, before: 1_000 }],
    ['its client, up to no second named', { kind: 'client', id: ids.client, exp }],
    ['its key', { kind: 'kid', id: ids.kid, exp }],
  ])('a token when an entry names %s', (_, entry) => {
    const { list } = listAt();
    expect(list.isRevoked(token())).toBe(false);
    list.apply(snapshot(entry), 0);
    expect(list.isRevoked(token())).toBe(true);
    expect(list.size).toBe(1);
  });

  it.each<[string, Revocation]>([
    ['another token', { kind: 'jti', id: randomUUID(), exp }],
    ['another session', { kind: 'sid', id: randomUUID(), exp }],
    ['its id as a session', { kind: 'sid', id: ids.jti, exp }],
    ['its session as a token', { kind: 'jti', id: ids.sid, exp }],
    ['another client', { kind: 'client', id: 'other', exp, before: 9_999 }],
    ['its client, up to an earlier second', { kind: 'client', id: ids.client, exp, before: 999 }],
    ['another key', { kind: 'kid', id: 'key-2', exp }],
  ])('no token when an entry names %s', (_, entry) => {
    const { list } = listAt();
    list.apply(snapshot(entry), 0);
    expect(list.isRevoked(token())).toBe(false);
  });

  it('nothing by session for a token without one', () => {
    const { list } = listAt();
    list.apply(snapshot({ kind: 'sid', id: ids.sid, exp }), 0);
    expect(list.isRevoked(token({ sessionId: undefined }))).toBe(false);
  });

  it.each([
    ['rising', 500, 1_500],
    ['falling', 1_500, 500],
  ])('by the later of two seconds for the same client, when they come %s', (_, ...seconds) => {
    const { list } = listAt();
    const both = seconds.map(
      (before) => ({ kind: 'client', id: ids.client, exp, before }) as const,
    );
    list.apply(snapshot(...both), 0);
    expect(list.isRevoked(token({ issuedAt: 1_500 }))).toBe(true);
    expect(list.isRevoked(token({ issuedAt: 1_501 }))).toBe(false);
  });
});

describe('a client whose tokens are numbered', () => {
  const revoked: Revocation = {
    ...{ kind: 'client', id: ids.client, exp },
    ...{ before: 1_000, tokenVersion: 7 },
  };

  it.each([
    ['of an older number', { tokenVersion: 6, issuedAt: 500 }, true],
    ['of an older number, from a clock that is ahead', { tokenVersion: 6, issuedAt: 1_003 }, true],
    ['of the same number, from the same second', { tokenVersion: 7, issuedAt: 1_000 }, false],
    ['of the same number, from a clock that is behind', { tokenVersion: 7, issuedAt: 1 }, false],
    ['of a later number', { tokenVersion: 8, issuedAt: 900 }, false],
    ['without a number, up to the second', { issuedAt: 1_000 }, true],
    ['without a number, after the second', { issuedAt: 1_001 }, false],
    ['of another client', { clientId: 'other', tokenVersion: 0 }, false],
  ])('has a token %s', (_, differing, isRevoked) => {
    const { list } = listAt();
    list.apply(snapshot(revoked), 0);
    expect(list.isRevoked(token(differing))).toBe(isRevoked);
  });

  it.each([[[7, 9]], [[9, 7]], [[9, undefined]], [[undefined, 9]]])(
    'is revoked by the highest of the numbers %j',
    (versions) => {
      const { list } = listAt();
      const unnumbered: Revocation = { kind: 'client', id: ids.client, exp, before: 1_000 };
      const entries = versions.map((tokenVersion) =>
        tokenVersion === undefined ? unnumbered : { ...revoked, tokenVersion },
      );
      list.apply(snapshot(...entries), 0);
      expect(list.isRevoked(token({ tokenVersion: 8 }))).toBe(true);
      expect(list.isRevoked(token({ tokenVersion: 9 }))).toBe(false);
    },
  );
});

describe('the state of a list', () => {
  it('is blind before its first snapshot, and not fresh enough for anything', () => {
    const { list } = listAt();
    expect(list.state).toBe('blind');
    expect(list.proofAgeMs()).toBe(Infinity);
    expect(list.isFresh(Infinity)).toBe(false);
  });

  it('stays blind when it gets changes without a snapshot', () => {
    const { list } = listAt();
    list.apply(batch([jti(ids.jti)]), 0);
    list.confirm([], 0);
    expect(list.state).toBe('blind');
    expect(list.isRevoked(token())).toBe(true);
  });

  it('stays blind until the last page of its first snapshot', () => {
    const { list } = listAt();
    list.apply(batch([jti('a')], { reset: true, more: true }), 0);
    list.apply(batch([jti('b')], { more: true }), 0);
    expect(list.state).toBe('blind');
    list.apply(batch([jti('c')]), 0);
    expect(list.state).toBe('fresh');
    expect(['a', 'b', 'c'].map((id) => isDead(list, id))).toEqual([true, true, true]);
    expect(list.size).toBe(3);
  });

  it('holds only one copy of the entries while it is blind', () => {
    const { list } = listAt();
    list.apply(batch([jti('a')], { reset: true, more: true }), 0);
    list.apply(batch([jti('b')], { reset: true, more: true }), 0);
    expect(list.size).toBe(1);
  });

  it('is fresh up to its maximum age and stale beyond it', () => {
    const { list, clock } = listAt({ maxStalenessMs: 30_000 });
    list.apply(snapshot(), 0);
    clock.nowMs = 30_000;
    expect([list.state, list.isFresh(), list.proofAgeMs()]).toEqual(['fresh', true, 30_000]);
    clock.nowMs = 30_001;
    expect([list.state, list.isFresh(), list.isFresh(Infinity)]).toEqual(['stale', false, true]);
  });

  it('can be checked against a stricter age than its own', () => {
    const { list, clock } = listAt({ maxStalenessMs: 30_000 });
    list.apply(snapshot(), 0);
    clock.nowMs = 2_001;
    expect([list.isFresh(2_000), list.isFresh(2_001)]).toEqual([false, true]);
  });

  it('measures its age from the request, not from the answer', () => {
    const { list, clock } = listAt();
    clock.nowMs = 25_000;
    list.apply(snapshot(), 1_000);
    expect(list.proofAgeMs()).toBe(24_000);
  });

  it('measures the age of a chain of pages from its first request', () => {
    const { list, clock } = listAt();
    clock.nowMs = 10_000;
    list.apply(batch([jti('a')], { reset: true, more: true }), 1_000);
    list.apply(batch([jti('b')]), 9_000);
    expect(list.proofAgeMs()).toBe(9_000);
    list.apply(batch([jti('c')], { more: true }), 9_500);
    expect(list.proofAgeMs()).toBe(9_000);
    list.apply(batch([]), 9_900);
    expect(list.proofAgeMs()).toBe(500);
  });

  it('measures the age of a snapshot that interrupts a chain from its own first request', () => {
    const { list, clock } = listAt();
    list.apply(batch([], { reset: true, more: true }), 1_000);
    list.apply(batch([], { reset: true, more: true }), 4_000);
    list.apply(batch([]), 5_000);
    clock.nowMs = 6_000;
    expect(list.proofAgeMs()).toBe(2_000);
  });

  it('is not made older by the answer to an earlier request', () => {
    const { list, clock } = listAt();
    list.apply(snapshot(), 5_000);
    list.apply(batch([]), 1_000);
    list.apply(snapshot(), 2_000);
    list.confirm([], 3_000);
    clock.nowMs = 6_000;
    expect(list.proofAgeMs()).toBe(1_000);
  });

  it('is fresh after an answer without `more`, also within a chain', () => {
    const { list, clock } = listAt();
    list.apply(snapshot(jti('old')), 0);
    list.apply(batch([jti('a')], { reset: true, more: true }), 1_000);
    list.confirm([jti('b')], 2_000);
    clock.nowMs = 3_000;
    expect(list.proofAgeMs()).toBe(1_000);
    const held = () => ['old', 'a', 'b', 'c'].filter((id) => isDead(list, id));
    expect(held()).toEqual(['old', 'a', 'b']);
    list.apply(batch([jti('c')]), 2_500);
    expect(held()).toEqual(['a', 'b', 'c']);
  });

  it.each([0, -1, NaN, Infinity])('refuses a maximum age of %d', (age) => {
    expect(() => new RevocationList({ maxStalenessMs: age })).toThrow(TypeError);
  });
});

describe('a snapshot that replaces another', () => {
  it('leaves no gap while its pages come in', () => {
    const { list } = listAt();
    list.apply(snapshot(jti('gone'), jti('kept')), 0);
    const states = [
      batch([jti('kept')], { reset: true, more: true }),
      batch([jti('new')], { more: true }),
      batch([]),
    ].map((page) => {
      list.apply(page, 0);
      return ['gone', 'kept', 'new'].filter((id) => isDead(list, id));
    });
    expect(states).toEqual([
      ['gone', 'kept'],
      ['gone', 'kept', 'new'],
      ['kept', 'new'],
    ]);
    expect(list.size).toBe(2);
  });

  it('leaves no gap when it is begun again half-way', () => {
    const { list } = listAt();
    list.apply(snapshot(jti('old')), 0);
    list.apply(batch([jti('first')], { reset: true, more: true }), 0);
    list.apply(batch([jti('second')], { reset: true, more: true }), 0);
    expect(['old', 'first', 'second'].filter((id) => isDead(list, id))).toHaveLength(3);
    list.apply(batch([jti('third')]), 0);
    const held = ['old', 'first', 'second', 'third'].filter((id) => isDead(list, id));
    expect(held).toEqual(['second', 'third']);
  });

  it('proves nothing before its last page', () => {
    const { list, clock } = listAt();
    list.apply(snapshot(), 0);
    clock.nowMs = 20_000;
    list.apply(batch([], { reset: true, more: true }), 20_000);
    expect(list.proofAgeMs()).toBe(20_000);
    list.apply(batch([]), 20_000);
    expect(list.proofAgeMs()).toBe(0);
  });
});

describe('the version of a list', () => {
  it('grows with every addition, and only then', () => {
    const { list } = listAt();
    const versions = [
      () => list.apply(snapshot(), 0),
      () => list.apply(batch([jti('a')]), 0),
      () => list.apply(batch([]), 0),
      () => list.prune(exp + 61),
      () => list.confirm([jti('a')], 0),
      () => list.confirm([], 0),
      () => list.apply(batch([{ kind: 'client', id: 'c', exp, before: 1 }]), 0),
      () => list.apply(batch([{ kind: 'client', id: 'c', exp, before: 2 }]), 0),
    ].map((step) => {
      step();
      return list.version;
    });
    expect(versions).toEqual([0, 1, 1, 1, 2, 2, 3, 4]);
  });
});

describe('pruning', () => {
  it.each<Revocation>([
    { kind: 'jti', id: ids.jti, exp },
    { kind: 'sid', id: ids.sid, exp },
    { kind: 'client', id: ids.client, exp, before: 5_000 },
    { kind: 'kid', id: ids.kid, exp },
  ])('forgets a $kind a minute after its expiry, not earlier', (entry) => {
    const { list } = listAt();
    list.apply(snapshot(entry), 0);
    list.prune(exp + 60);
    expect([list.isRevoked(token()), list.size]).toEqual([true, 1]);
    list.prune(exp + 60.5);
    expect([list.isRevoked(token()), list.size]).toEqual([false, 0]);
  });

  it.each<Revocation>([
    { kind: 'client', id: ids.client, exp: exp - 100, before: 5_000 },
    { kind: 'kid', id: ids.kid, exp: exp - 100 },
    { kind: 'client', id: ids.client, exp: NaN, before: 5_000 },
    { kind: 'kid', id: ids.kid, exp: NaN },
  ])('keeps the latest expiry of a $kind that came again with $exp', (again) => {
    const entries = [{ ...again, exp }, again];
    for (const order of [entries, entries.toReversed()]) {
      const { list } = listAt();
      list.apply(snapshot(...order), 0);
      list.prune(exp + 60);
      expect(list.isRevoked(token())).toBe(true);
    }
  });

  it('keeps unexpired entries, and the proof', () => {
    const { list } = listAt();
    list.apply(snapshot(jti(ids.jti), { ...jti('old'), exp: 1_000 }), 0);
    list.prune(exp);
    expect([list.isRevoked(token()), list.size, list.state]).toEqual([true, 1, 'fresh']);
  });
});

describe('The list of an issuer without revocations', () => {
  it('is none, however old, and covers no token', () => {
    const list = RevocationList.none(30_000);
    expect([list.state, list.size, list.maxStalenessMs]).toEqual(['none', 0, 30_000]);
    expect([list.isFresh(), list.isFresh(1), list.forgottenBefore]).toEqual([
      true,
      true,
      -Infinity,
    ]);
  });
});
