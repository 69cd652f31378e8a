import type { KeySet, VerificationKey } from './key-set.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier, type AccessTokenVerifierOptions } from './access-token-verifier.js';
import type { Principal } from './claims.js';
import { AUDIENCE, ISSUER, KID, newKeyPair, NOW } from './signed-token.fixture.js';

/** What the issuer of these specs signs with. */
export const issuerKey = newKeyPair();

/** A verifier with everything around it in hand: clocks, keys, revocation list. */
export function setUp(options: Partial<AccessTokenVerifierOptions> = {}) {
  const clock = { ms: NOW * 1000, monotonicMs: 0 };
  const used: string[] = [];
  const asked: string[] = [];
  /** A key that notes in `used` each time a signature is checked with it. */
  const newKey = (kid = KID): VerificationKey => ({
    kid,
    get publicKey() {
      used.push(kid);
      return issuerKey.publicKey;
    },
  });
  const atHand = new Map([[KID, newKey()]]);
  const keys: KeySet = {
    get: (kid) => atHand.get(kid),
    find: async (kid) => {
      asked.push(kid);
      return atHand.get(kid);
    },
  };
  const revocations = new RevocationList({
    maxStalenessMs: 30_000,
    monotonicNow: () => clock.monotonicMs,
  });
  revocations.apply({ cursor: '', reset: true, more: false, entries: [] }, 0);
  const verifier = new AccessTokenVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys,
    revocations,
    now: () => clock.ms,
    ...options,
  });
  /** The answer that is there at once. To have to wait for a key is a failure here. */
  const verifyAtOnce = (token: string, maxStalenessMs?: number): Principal => {
    const answer = verifier.verify(token, maxStalenessMs);
    if (!(answer instanceof Promise)) return answer;
    answer.catch(() => undefined);
    throw new Error('the verifier asks for a key');
  };
  return { verifier, verifyAtOnce, clock, newKey, atHand, asked, used, revocations };
}
