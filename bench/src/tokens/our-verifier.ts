import { randomUUID } from 'node:crypto';
import { AccessTokenVerifier, RevocationList } from '@jwt-auth/jwt-core';
import type { Trust } from './token-batch.js';

/** Ours as a service runs it. */
export interface OurParts {
  readonly verifier: AccessTokenVerifier;
  /** Just read, of a thousand tokens and sessions, of which none is asked for. */
  readonly revocations: RevocationList;
}

export function ourParts({ issuer, audience, kid, publicKey }: Trust): OurParts {
  const key = { kid, publicKey };
  const revocations = new RevocationList({ maxStalenessMs: 3_600_000 });
  const exp = Math.ceil(Date.now() / 1000) + 86_400;
  const entries = Array.from({ length: 1_000 }, (_, index) => ({
    kind: index % 2 === 0 ? ('jti' as const) : ('sid' as const),
    id: randomUUID(),
    exp,
  }));
  revocations.apply({ cursor: '', reset: true, more: false, entries }, performance.now());
  const verifier = new AccessTokenVerifier({
    issuer,
    audience,
    keys: {
      get: (name) => (name === kid ? key : undefined),
      find: async (name) => (name === kid ? key : undefined),
    },
    revocations,
  });
  return { verifier, revocations };
}
