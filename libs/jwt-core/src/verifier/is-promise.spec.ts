import { afterEach, describe, expect, it } from 'vitest';

import { CLAIMS, HEADER, newKeyPair, signed } from './signed-token.fixture.js';
import { isPromise } from './is-promise.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const NativePromise = globalThis.Promise;
afterEach(() => {
  globalThis.Promise = NativePromise;
});

/** As zone.js does. */
const replacePromise = () => {
  globalThis.Promise = class extends NativePromise<unknown> {} as PromiseConstructor;
};

// threat:replaced-promise
describe('with another global Promise', () => {
  const forged = signed({ ...HEADER, kid: 'unknown' }, CLAIMS, newKeyPair().privateKey);

  it('what an async function returns is a promise', () => {
    const answer = (async () => 1)();
    replacePromise();
    expect([isPromise(answer), isPromise({ then: () => {} } as never), isPromise({})]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('a token of an unknown key is refused, and counted as refused', async () => {
    const { verifier } = setUp();
    replacePromise();
    const answer = verifier.verify(forged);
    globalThis.Promise = NativePromise;
    await expect(answer).rejects.toMatchObject({ code: 'token_invalid' });
    expect(verifier.verdicts.byVerdict.accepted).toBe(0);
  });
});

it('a token that mapClaims verifies is not taken for the one whose claims it maps', () => {
  const [admin, victim] = ['admin', 'other'].map((sub) =>
    signed(
      HEADER,
      { ...CLAIMS, sub, jti: `${CLAIMS.jti.slice(0, -5)}${sub}` },
      issuerKey.privateKey,
    ),
  ) as [string, string];
  const inner = setUp();
  const outer = setUp({
    mapClaims: ({ sub }) => {
      if (sub === 'admin') inner.verifyAtOnce(victim);
      return {};
    },
  });
  expect(outer.verifyAtOnce(admin).subject).toBe('admin');
  expect(outer.verifyAtOnce(victim).subject).toBe('other');
});
