import { randomBytes } from 'node:crypto';
import { RevocationList } from '../revocation/revocation-list.js';
import { Admission } from './admission.js';
import type { Principal } from './claims.js';
import { AUDIENCE, CLAIMS, ISSUER, NOW } from './signed-token.fixture.js';
import type { JsonObject } from './strict-json.js';
import { ReferenceTokenVerifier } from './reference-token-verifier.js';

export const newReference = () => randomBytes(32).toString('base64url');

/** A verifier of reference tokens over an issuer whose every answer the spec gives. */
export function setUp({ rememberedTokens = 1_000, hasClock = true } = {}) {
  const clock = { ms: NOW * 1000, monotonicMs: 0 };
  const monotonicNow = () => clock.monotonicMs;
  const revocations = new RevocationList({ maxStalenessMs: 30_000, monotonicNow });
  revocations.apply({ cursor: '', reset: true, more: false, entries: [] }, 0);
  const asked: string[] = [];
  let answer: (token: string) => Promise<JsonObject | undefined> = async () => ({ ...CLAIMS });
  const verifier = new ReferenceTokenVerifier({
    source: {
      resolve: (token) => {
        asked.push(token);
        return answer(token);
      },
    },
    expected: { issuer: ISSUER, audience: AUDIENCE },
    admission: new Admission({ revocations, now: () => clock.ms }),
    rememberedTokens,
    monotonicNow: hasClock ? monotonicNow : undefined,
  });
  return {
    clock,
    revocations,
    asked,
    /** What the issuer says from now on. */
    answerWith: (next: typeof answer) => void (answer = next),
    /** The issuer says nothing until what this gives is called with its answer. */
    answerLater: () => {
      let resolveWith!: (claims: JsonObject | undefined) => void;
      const later = new Promise<JsonObject | undefined>((resolve) => (resolveWith = resolve));
      answer = () => later;
      return resolveWith;
    },
    verify: async (token: string, maxStalenessMs?: number): Promise<Principal> =>
      (await verifier.verify(token, maxStalenessMs)).principal,
    /** Whether the answer is there without waiting for anybody. */
    isAtOnce: (token: string): boolean => !(verifier.verify(token, undefined) instanceof Promise),
    /** Both clocks go on. */
    pass: (ms: number) => {
      clock.ms += ms;
      clock.monotonicMs += ms;
      // The list stays as fresh as it was: its age is not what these specs are about.
      revocations.confirm([], clock.monotonicMs);
    },
  };
}
