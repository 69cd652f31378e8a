import { describe, expect, it, vi } from 'vitest';
import { newReference } from './reference-tokens.fixture.js';
import { CLAIMS, HEADER, NOW, signed } from './signed-token.fixture.js';
import { TokenError } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

describe.each([
  ['that is remembered', 10],
  ['that is not', 0],
])('the watch of a token %s', (_name, rememberedTokens) => {
  const start = async () => {
    const given = setUp({ rememberedTokens });
    const token = signed(
      HEADER,
      { ...CLAIMS, jti: 'a', sid: 'session', exp: NOW + 60 },
      issuerKey.privateKey,
    );
    given.verifyAtOnce(token);
    const accepted = given.verifier.verdicts.byVerdict.accepted;
    const watch = await given.verifier.watch(token);
    expect(given.verifier.verdicts.byVerdict.accepted).toBe(accepted);
    return { ...given, watch };
  };

  it('ends with its expiry, after the clock tolerance', async () => {
    const { watch, clock } = await start();
    expect(watch.endsAtMs()).toBe((NOW + 65) * 1000);
    clock.ms = (NOW + 65) * 1000 - 1;
    expect(watch.endedBy()).toBeUndefined();
    clock.ms += 1;
    expect(watch.endedBy()).toMatchObject({ code: 'token_expired' });
  });

  it.each([
    ['itself', 'jti' as const, 'a'],
    ['its session', 'sid' as const, 'session'],
  ])('ends with a revocation of %s, and reports it at once', async (_what, kind, id) => {
    const { watch, revocations } = await start();
    const listener = vi.fn();
    watch.revocations.onAddition(listener);
    revocations.add([{ kind, id: 'another', exp: NOW + 60 }]);
    expect(watch.endedBy()).toBeUndefined();
    revocations.add([{ kind, id, exp: NOW + 60 }]);
    expect(watch.endedBy()).toMatchObject({ code: 'token_revoked' });
    expect(listener).toHaveBeenCalledTimes(2);
    watch.revocations.offAddition(listener);
    revocations.add([{ kind, id, exp: NOW + 60 }]);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('does not end while the list is too old', async () => {
    const { watch, clock } = await start();
    clock.monotonicMs += 1e9;
    expect(watch.endedBy()).toBeUndefined();
  });
});

it('the watch of a token that is not remembered, and has no session, ends with the first revocation', async () => {
  const { verifier, revocations } = setUp({ rememberedTokens: 0 });
  const token = signed(HEADER, { ...CLAIMS, sid: undefined }, issuerKey.privateKey);
  const watches = [await verifier.watch(token), await verifier.watch(token)];
  revocations.add([{ kind: 'jti', id: CLAIMS.jti, exp: CLAIMS.exp }]);
  for (const watch of watches) expect(watch.endedBy()).toMatchObject({ code: 'token_revoked' });
});

it.each([10, 0])(
  'the watch of a new token ends with its key, with %i remembered tokens',
  async (rememberedTokens) => {
    const { verifier, used, revocations } = setUp({ rememberedTokens });
    const token = signed(HEADER, CLAIMS, issuerKey.privateKey);
    const watches = [await verifier.watch(token), await verifier.watch(token)];
    expect(used).toHaveLength(rememberedTokens === 0 ? 2 : 1);
    revocations.add([{ kind: 'kid', id: HEADER.kid, exp: CLAIMS.exp }]);
    for (const watch of watches) expect(watch.endedBy()).toMatchObject({ code: 'token_revoked' });
  },
);

describe.each(['a reference token', 'a token that is not remembered'])(
  'the watch of %s',
  (kind) => {
    it('ends by the number of its client', async () => {
      const claims = { ...CLAIMS, token_version: 6 };
      const { verifier, revocations } = setUp({
        rememberedTokens: 0,
        referenceTokens: { resolve: async () => claims },
      });
      const token =
        kind === 'a reference token'
          ? newReference()
          : signed(HEADER, claims, issuerKey.privateKey);
      const watch = await verifier.watch(token);
      const ofClient = {
        kind: 'client',
        id: CLAIMS.client_id,
        exp: CLAIMS.exp,
        before: 0,
      } as const;
      revocations.add([{ ...ofClient, tokenVersion: 6 }]);
      expect(watch.endedBy()).toBeUndefined();
      revocations.add([{ ...ofClient, tokenVersion: 7 }]);
      expect(watch.endedBy()).toMatchObject({ code: 'token_revoked' });
    });
  },
);

it('a bad token is not watched', () => {
  expect(() => setUp().verifier.watch('a.b.c')).toThrow(TokenError);
});
