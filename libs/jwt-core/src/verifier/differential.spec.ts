import { type JWTPayload, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { diceOf, generate, mutate } from './generated-tokens.fixture.js';
import { generateSigningKey, type SigningKey } from '../testing/access-token.js';
import type { SigningAlgorithm } from './signature.js';
import { AUDIENCE, ISSUER, KID, NOW } from './signed-token.fixture.js';
import type { Principal } from './claims.js';
import { TokenError } from './token-error.js';
import { setUp } from './verifier.fixture.js';

const ROUNDS: [SigningAlgorithm, tokens: number, signatures: number][] = [
  ['RS256', 20_000, 1500],
  ['PS256', 4_000, 400],
  ['ES256', 4_000, 400],
  ['EdDSA', 4_000, 400],
];
const seed = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 2 ** 31);

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

describe('AccessTokenVerifier beside jose', () => {
  it.each(ROUNDS)(
    `accepts no %s token that jose refuses, of %i, seed ${seed}`,
    async (...round) => {
      const [algorithm, count, signatures] = round;
      const dice = diceOf(seed);
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
      const keys = {
        algorithm,
        issuer: issuerKey.privateKey,
        stranger: (await generateSigningKey(algorithm)).privateKey,
        secrets: [
          issuerKey.publicKey.export({ type: 'spki', format: 'pem' }),
          issuerKey.publicKey.export({ type: 'spki', format: 'der' }),
        ],
      };
      const pool = Array.from({ length: signatures }, () => generate(dice, keys));
      const outcomes = new Map<string, number>();
      const note = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const accepted = new Map<string, Principal>();

      for (let n = 0; n < count; n++) {
        const from = dice.pick(pool);
        const token = dice.chance(0.5) ? mutate(from, dice, dice.pick(pool)) : from;
        try {
          accepted.set(token, await verifier.verify(token));
          note('accepted');
        } catch (error) {
          if (!(error instanceof TokenError))
            throw new Error(`not typed: ${token}`, { cause: error });
          note(error.code);
        }
      }
      for (const [token, principal] of accepted) {
        const payload = await joseVerifies(token, issuerKey).catch((error: unknown) => {
          throw new Error(`only we accept ${token}`, { cause: error });
        });
        expect(principal).toMatchObject(asPrincipal(payload));
      }

      // A verifier that refused all would pass what is above.
      expect([...outcomes.keys()].sort()).toEqual(['accepted', 'token_expired', 'token_invalid']);
      expect(accepted.size).toBeGreaterThan(signatures / 10);
      expect(outcomes.get('accepted')).toBeGreaterThan(count / 10);
      expect(outcomes.get('token_invalid')).toBeGreaterThan(count / 4);
      expect(outcomes.get('token_expired')).toBeGreaterThan(count / 100);
    },
    60_000,
  );
});
