import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RevocationList } from '../revocation/revocation-list.js';
import { Admission, provenToken } from './admission.js';
import { readClaims } from './claims.js';
import { AUDIENCE, CLAIMS, ISSUER, NOW } from './signed-token.fixture.js';
import { TokenError } from './token-error.js';

type Claims = Readonly<Record<string, unknown>>;

const expected = { issuer: ISSUER, audience: AUDIENCE };
const DAY = 86_400;

const isString = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isString(value) && !value.includes('\0');
const isId = (value: unknown) => isName(value) && /^.{1,255}$/s.test(value);
const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 53;
const isNames = (value: unknown): value is string[] => Array.isArray(value) && value.every(isName);
const absentOr =
  (isGood: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isGood(value);

/** The claims that a verifier accepts, as the contract of access tokens says. */
const RULES: Readonly<Record<string, (value: unknown, claims: Claims) => boolean>> = {
  iss: (value) => value === ISSUER,
  aud: (value) => value === AUDIENCE || (isNames(value) && value.includes(AUDIENCE)),
  sub: isId,
  client_id: isId,
  jti: isId,
  iat: isSeconds,
  exp: (value, { iat }) =>
    isSeconds(value) && value > (iat as number) && value - (iat as number) <= DAY,
  nbf: absentOr(isSeconds),
  sid: absentOr(isId),
  scope: absentOr(isName),
  roles: absentOr(isNames),
  claims: absentOr((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  token_version: absentOr((value) => isSeconds(value) && value >= 0),
};

const strange = fc.oneof(
  fc.constantFrom<unknown>(
    ...[undefined, null, true, '', 's'.repeat(255), 's'.repeat(256), 'a\0b', 0, -1, 1.5, 2 ** 53],
    ...[1e308, NOW * 1000, String(NOW), NaN, [], {}, [[]], ['x'], [1], [null], [AUDIENCE, 1]],
    ...[[AUDIENCE], ['x', AUDIENCE], ['x\0', AUDIENCE], [[AUDIENCE]], [ISSUER], `${ISSUER}/`],
  ),
  fc.string(),
  fc.integer(),
  fc.array(fc.string()),
);
const seconds = fc.oneof(
  fc.constantFrom(...[-DAY - 1, -DAY, -1, 0, 1, DAY, DAY + 1].map((more) => NOW + more)),
  fc.integer({ min: NOW - 2 * DAY, max: NOW + 2 * DAY }),
);
const change = fc.oneof(
  fc.tuple(fc.constantFrom(...Object.keys(RULES)), strange),
  fc.tuple(fc.constantFrom('iat', 'exp', 'nbf'), seconds),
);
const payload: fc.Arbitrary<Claims> = fc
  .array(change, { maxLength: 3 })
  .map((changes) => ({ ...CLAIMS, ...Object.fromEntries(changes) }));

const isGood = (claims: Claims) =>
  Object.entries(RULES).every(([name, rule]) => rule(claims[name], claims));

describe('readClaims', () => {
  it('accepts the claims that keep to the contract, and no others', () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(payload, (claims) => {
        const good = isGood(claims);
        verdicts.add(good);
        if (!good) {
          const refusal = expect.objectContaining({ code: 'token_invalid' }) as TokenError;
          expect(() => readClaims(claims, expected)).toThrow(refusal);
          return;
        }
        const { principal, notBeforeSeconds, tokenVersion } = readClaims(claims, expected);
        expect(principal).toMatchObject({
          issuer: ISSUER,
          subject: claims.sub,
          clientId: claims.client_id,
          tokenId: claims.jti,
          scopes: ((claims.scope ?? '') as string).split(' ').filter(Boolean),
          roles: claims.roles ?? [],
          issuedAt: claims.iat,
          expiresAt: claims.exp,
          claims: claims.claims ?? {},
        });
        expect(principal.sessionId).toBe(claims.sid);
        expect(tokenVersion).toBe(claims.token_version);
        expect(notBeforeSeconds).toBe(
          Math.max(...([claims.iat, claims.nbf ?? claims.iat] as number[])),
        );
      }),
      runs(2_000),
    );
    expect(verdicts.size).toBe(2);
  });
});

describe('Admission', () => {
  const revocations = RevocationList.none(1000);

  it('admits a token while its times allow it, give or take the tolerance', () => {
    const around = (second: number) =>
      fc
        .tuple(fc.constantFrom(-59, -5, 0, 5, 59), fc.integer({ min: -1, max: 1 }))
        .map(([seconds, ms]) => (second + seconds) * 1000 + ms);
    fc.assert(
      fc.property(
        fc.record({
          nbf: fc.constantFrom(undefined, NOW - 100, NOW, NOW + 300),
          lifetime: fc.constantFrom(1, 60, 300, DAY),
          tolerance: fc.constantFrom(0, 5, 59),
        }),
        fc.oneof(around(NOW), around(NOW + 300), around(NOW + DAY), fc.integer()),
        ({ nbf, lifetime, tolerance: clockToleranceSeconds }, nowMs) => {
          const admission = new Admission({ revocations, clockToleranceSeconds, now: () => nowMs });
          const exp = NOW + lifetime;
          const token = provenToken({ ...CLAIMS, iat: NOW, exp, nbf }, expected, undefined, NOW);
          const isAhead = Math.max(NOW, nbf ?? NOW) - clockToleranceSeconds > nowMs / 1000;
          const isPast = exp + clockToleranceSeconds <= nowMs / 1000;
          let outcome: unknown = 'admitted';
          try {
            expect(admission.admit(token, undefined)).toBe(token);
          } catch (error) {
            outcome = (error as TokenError).code;
          }
          expect(outcome).toBe(isAhead ? 'token_invalid' : isPast ? 'token_expired' : 'admitted');
        },
      ),
      runs(1_000),
    );
  });
});
