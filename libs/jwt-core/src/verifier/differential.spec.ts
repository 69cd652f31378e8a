import { type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { diceOf, generate, mutate } from './generated-tokens.fixture.js';
import { AUDIENCE, ISSUER, KID, newKeyPair, NOW } from './signed-token.fixture.js';
import type { Principal } from './claims.js';
import { TokenError } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const TOKENS = 20_000;
const SIGNATURES = 1500;
const seed = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 2 ** 31);

async function joseVerifies(token: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(
    token,
    ({ kid }) => {
      if (kid !== KID) throw new Error('unknown kid');
      return issuerKey.publicKey;
    },
    {
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['RS256'],
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

describe('AccessTokenVerifier beside jose', () => {
  it(`accepts none of ${TOKENS} tokens that jose refuses, seed ${seed}`, async () => {
    const dice = diceOf(seed);
    // Few are remembered, so that all ways through the memory are taken.
    const { verifier } = setUp({ rememberedTokens: 100 });
    const keys = {
      issuer: issuerKey.privateKey,
      stranger: newKeyPair().privateKey,
      secrets: [
        issuerKey.publicKey.export({ type: 'spki', format: 'pem' }),
        issuerKey.publicKey.export({ type: 'spki', format: 'der' }),
      ],
    };
    const pool = Array.from({ length: SIGNATURES }, () => generate(dice, keys));
    const outcomes = new Map<string, number>();
    const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const accepted = new Map<string, Principal>();

    for (let n = 0; n < TOKENS; n++) {
      const from = dice.pick(pool);
      const token = dice.chance(0.5) ? mutate(from, dice, dice.pick(pool)) : from;
      try {
        accepted.set(token, await verifier.verify(token));
        count('accepted');
      } catch (error) {
        if (!(error instanceof TokenError))
          throw new Error(`not typed: ${token}`, { cause: error });
        count(error.code);
      }
    }
    for (const [token, principal] of accepted) {
      const payload = await joseVerifies(token).catch((error: unknown) => {
        throw new Error(`only we accept ${token}`, { cause: error });
      });
      expect(principal).toMatchObject(asPrincipal(payload));
    }

    // A verifier that refused all would pass what is above.
    expect([...outcomes.keys()].sort()).toEqual(['accepted', 'token_expired', 'token_invalid']);
    expect(accepted.size).toBeGreaterThan(SIGNATURES / 10);
    expect(outcomes.get('accepted')).toBeGreaterThan(TOKENS / 10);
    expect(outcomes.get('token_invalid')).toBeGreaterThan(TOKENS / 4);
    expect(outcomes.get('token_expired')).toBeGreaterThan(TOKENS / 100);
  }, 60_000);
});
