import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { generatedToken, mutation } from './generated-tokens.fixture.js';
import { generateSigningKey, type SigningKey } from '../test-issuer/access-token.js';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signature.js';
import { AUDIENCE, CLAIMS, HEADER, ISSUER, KID, NOW, signed } from './signed-token.fixture.js';
import type { Principal } from './claims.js';
import { TokenError } from './token-error.js';
import { setUp } from './verifier.fixture.js';

async function joseVerifies(token: string, { algorithm, publicKey }: SigningKey) {
  const { payload } = await jwtVerify<JWTPayload>(
    token,
    ({ kid }) => {
      if (kid !== KID) throw new Error('unknown kid');
      return publicKey;
    },
    {
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: AUDIENCE,
      // Its two names (RFC 9864).
      algorithms: algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm!],
      requiredClaims: ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
      clockTolerance: 5,
      currentDate: new Date(NOW * 1000),
    },
  );
  return payload;
}

/** The claims of a payload in the form in which a principal has them. */
const asPrincipal = (payload: JWTPayload) => ({
  subject: payload.sub,
  clientId: payload.client_id,
  tokenId: payload.jti,
  issuedAt: payload.iat,
  expiresAt: payload.exp,
});

/** An issuer, a verifier of its tokens, and what it is given. */
async function sideOf(algorithm: SigningAlgorithm) {
  const issuerKey = { ...(await generateSigningKey(algorithm)), kid: KID };
  // Few are remembered, so that all ways through the memory are taken.
  const { verifier } = setUp({
    rememberedTokens: 100,
    algorithms: [algorithm],
    keys: {
      get: (kid) => (kid === KID ? issuerKey : undefined),
      find: async () => undefined,
    },
  });
  const token = generatedToken({
    algorithm,
    issuer: issuerKey.privateKey,
    stranger: (await generateSigningKey(algorithm)).privateKey,
    secrets: [
      issuerKey.publicKey.export({ type: 'spki', format: 'pem' }),
      issuerKey.publicKey.export({ type: 'spki', format: 'der' }),
    ],
  });
  const another = signed(
    { ...HEADER, alg: algorithm },
    { ...CLAIMS, jti: 'another' },
    issuerKey.privateKey,
    algorithm,
  );
  /** The principal, or the code of the refusal. Whatever is no refusal is thrown. */
  const verdictOn = async (text: string): Promise<Principal | string> => {
    try {
      return await verifier.verify(text);
    } catch (error) {
      if (error instanceof TokenError) return error.code;
      throw new Error(`not typed: ${text}`, { cause: error });
    }
  };
  return token.map((text) => ({ text, another, issuerKey, verdictOn }));
}

describe('AccessTokenVerifier beside jose', () => {
  it('accepts no token that jose refuses, and reads in it what jose reads', async () => {
    const sides = await Promise.all(SIGNING_ALGORITHMS.map(sideOf));
    const counts = { accepted: 0, token_expired: 0, token_invalid: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(...sides),
        fc.array(mutation, { maxLength: 4 }),
        async ({ text, another, issuerKey, verdictOn }, mutations) => {
          const mutated = mutations.map((mutate) => mutate(text, another));
          for (const token of [text, ...mutated, text]) {
            const verdict = await verdictOn(token);
            counts[typeof verdict === 'string' ? (verdict as keyof typeof counts) : 'accepted'] +=
              1;
            if (typeof verdict === 'string') continue;
            const payload = await joseVerifies(token, issuerKey).catch((error: unknown) => {
              throw new Error(`only we accept ${token}`, { cause: error });
            });
            expect(verdict).toMatchObject(asPrincipal(payload));
          }
        },
      ),
      runs(800),
    );
    // A verifier that refused all would pass what is above.
    const all = counts.accepted + counts.token_expired + counts.token_invalid;
    expect(counts.accepted).toBeGreaterThan(all / 10);
    expect(counts.token_invalid).toBeGreaterThan(all / 4);
    expect(counts.token_expired).toBeGreaterThan(all / 100);
  });
});
