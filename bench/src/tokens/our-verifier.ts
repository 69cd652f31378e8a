import { AccessTokenVerifier, RevocationList } from '@jwt-auth/jwt-core';
import type { Trust } from './token-batch.js';

/** Ours as a service runs it, with a revocation list that was just read and is empty. */
export function ourVerifier({ issuer, audience, kid, publicKey }: Trust): AccessTokenVerifier {
  const key = { kid, publicKey };
  const revocations = new RevocationList({ maxStalenessMs: 3_600_000 });
  revocations.apply({ cursor: '', reset: true, more: false, entries: [] }, performance.now());
  return new AccessTokenVerifier({
    issuer,
    audience,
    keys: {
      get: (name) => (name === kid ? key : undefined),
      find: async (name) => (name === kid ? key : undefined),
    },
    revocations,
  });
}
