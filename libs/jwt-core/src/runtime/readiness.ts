import type { RemoteKeySet } from '../keys/remote-key-set.js';
import type { RevocationList } from '../revocation/revocation-list.js';

/** One thing that a service needs to be ready, as a check for a health endpoint. */
export interface JwtCoreCheck {
  readonly name: string;
  /** What is missing, in a few words. `undefined`: nothing. */
  check(): string | undefined;
}

/** Whether tokens can be verified: a check of the keys, and one of the revocation list. */
export class JwtCoreReadiness {
  readonly checks: readonly JwtCoreCheck[];

  /** @param keys `undefined` if the application has a key set of its own */
  constructor(keys: RemoteKeySet | undefined, revocations: RevocationList) {
    this.checks = [
      // Stale keys are good: the issuer may be down for as long as the settings allow.
      { name: 'keys', check: () => (keys?.state === 'missing' ? 'missing' : undefined) },
      {
        name: 'revocation list',
        check: () => (revocations.state === 'fresh' ? undefined : revocations.state),
      },
    ];
  }
}
