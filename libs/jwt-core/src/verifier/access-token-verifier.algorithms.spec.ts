import { exportJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseJwk } from '../keys/jwk.js';
import { KeyTable } from '../keys/jwk-set.js';
import { generateSigningKey, type SigningKey } from '../test-issuer/access-token.js';
import { type AccessTokenVerifierOptions } from './access-token-verifier.js';
import { CLAIMS, HEADER, KID, signed } from './signed-token.fixture.js';
import type { VerificationKey } from './key-set.js';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signature.js';
import { setUp } from './verifier.fixture.js';

const pairs = new Map<SigningAlgorithm, SigningKey>();
beforeAll(async () => {
  for (const alg of SIGNING_ALGORITHMS) pairs.set(alg, await generateSigningKey(alg));
});

const tokenOf = (signedAs: SigningAlgorithm, alg: string = signedAs, by = signedAs) =>
  signed({ ...HEADER, alg }, CLAIMS, pairs.get(by)!.privateKey, signedAs);

/** A verifier over the keys of these algorithms, all of one `kid`. */
function setUpKeys(
  held: readonly SigningAlgorithm[],
  options: Partial<AccessTokenVerifierOptions> = { algorithms: SIGNING_ALGORITHMS },
) {
  const table = new KeyTable();
  for (const algorithm of held) {
    table.add({ kid: KID, algorithm, publicKey: pairs.get(algorithm)!.publicKey });
  }
  const keys = {
    get: (kid: string, algorithm?: SigningAlgorithm) => table.get(kid, algorithm),
    find: async (kid: string, algorithm?: SigningAlgorithm) => table.get(kid, algorithm),
  };
  const { verifier } = setUp({ keys, ...options });
  return { verifier, verify: async (token: string) => verifier.verify(token) };
}

describe('AccessTokenVerifier with keys of several algorithms', () => {
  it('verifies the tokens of each with the key of one kid that fits, and remembers them', async () => {
    const { verifier, verify } = setUpKeys(SIGNING_ALGORITHMS);
    for (const round of [0, 1]) {
      for (const alg of SIGNING_ALGORITHMS) {
        expect(await verify(tokenOf(alg))).toMatchObject({ subject: CLAIMS.sub });
        // An ECDSA or PSS signature of the same claims is another one each time.
        if (round === 1 && (alg === 'RS256' || alg === 'EdDSA')) {
          expect(verifier.remembered.uses).toBeGreaterThan(0);
        }
      }
    }
    expect(verifier.remembered.uses).toBe(2);
  });

  // threat:algorithm-confusion
  it('refuses each token whose alg is not that of the key', async () => {
    for (const alg of SIGNING_ALGORITHMS) {
      const { verify } = setUpKeys([alg]);
      for (const said of ['none', 'HS256', ...SIGNING_ALGORITHMS]) {
        if (said === alg) await verify(tokenOf(alg));
        else
          await expect(verify(tokenOf(alg, said))).rejects.toThrow(/kid names no key|alg is not/);
      }
    }
  });

  it('does not verify a PKCS #1 signature with the same RSA key for PSS, or the other way', async () => {
    const rsa = pairs.get('RS256')!;
    for (const algorithm of ['RS256', 'PS256'] as const) {
      const key = { kid: KID, algorithm, publicKey: rsa.publicKey };
      const keys = { get: () => key, find: async () => key };
      const { verifier } = setUp({ keys, algorithms: SIGNING_ALGORITHMS });
      const other = algorithm === 'RS256' ? 'PS256' : 'RS256';
      expect(() => verifier.verify(tokenOf(other, other, 'RS256'))).toThrow('alg is not');
      expect(() => verifier.verify(tokenOf(other, algorithm, 'RS256'))).toThrow('wrong signature');
      expect(verifier.verify(tokenOf(algorithm, algorithm, 'RS256'))).toBeDefined();
    }
  });

  it('judges a key that names no algorithm by its type, if its set looks only at the kid', () => {
    for (const alg of SIGNING_ALGORITHMS) {
      const key = { kid: KID, publicKey: pairs.get(alg)!.publicKey };
      const keys = { get: () => key, find: async () => key };
      const { verifier } = setUp({ keys, algorithms: SIGNING_ALGORITHMS });
      const fits = alg === 'PS256' ? 'RS256' : alg;
      expect(verifier.verify(tokenOf(fits, fits, alg))).toBeDefined();
      for (const said of SIGNING_ALGORITHMS.filter((name) => name !== fits)) {
        expect(() => verifier.verify(tokenOf(alg, said))).toThrow(
          expect.objectContaining({ code: 'token_invalid', message: 'alg is not that of the key' }),
        );
      }
    }
  });

  it.each([
    ['Ed25519', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
    ['Ed25519', undefined],
    ['EdDSA', 'Ed25519'],
  ])('accepts what jose signs as %s, with a JWK for %s (RFC 9864)', async (alg, keyAlg) => {
    const { privateKey, publicKey } = pairs.get('EdDSA')!;
    const jwk = { ...(await exportJWK(publicKey)), kid: KID, alg: keyAlg };
    const key = parseJwk(jwk, SIGNING_ALGORITHMS) as VerificationKey;
    const { verifier } = setUp({
      keys: { get: () => key, find: async () => key },
      algorithms: SIGNING_ALGORITHMS,
    });
    const signing = new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg });
    const token = await signing.sign(privateKey);
    for (let round = 0; round < 2; round++) {
      expect(await verifier.verify(token)).toMatchObject({ subject: CLAIMS.sub });
    }
    const other = await new SignJWT(CLAIMS)
      .setProtectedHeader({ ...HEADER, alg })
      .sign((await generateSigningKey('EdDSA')).privateKey);
    expect(() => verifier.verify(other)).toThrow('wrong signature');
  });

  it('accepts all of them by default, and plain JWTs, of an OpenID Connect provider', async () => {
    const { verifier } = setUpKeys(SIGNING_ALGORITHMS, { profile: 'oidc' });
    for (const alg of SIGNING_ALGORITHMS) {
      for (const typ of ['JWT', 'at+jwt']) {
        const token = signed({ ...HEADER, alg, typ }, CLAIMS, pairs.get(alg)!.privateKey, alg);
        expect(await verifier.verify(token)).toMatchObject({ subject: CLAIMS.sub });
      }
    }
  });

  it('accepts RS256 alone by default', async () => {
    const { verify } = setUpKeys(SIGNING_ALGORITHMS, {});
    await verify(tokenOf('RS256'));
    for (const alg of ['PS256', 'ES256', 'EdDSA'] as const) {
      await expect(verify(tokenOf(alg))).rejects.toThrow('alg is not RS256');
    }
  });
});
