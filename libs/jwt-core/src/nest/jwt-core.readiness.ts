import type { RemoteKeySet } from '../keys/remote-key-set.js';
import type { RevocationList } from '../revocation/revocation-list.js';

/** One thing that a service cannot do without, in the form in which health endpoints ask. */
export interface JwtCoreCheck {
  readonly name: string;
  /** What is missing, in a few words. `undefined`: nothing. */
  check(): string | undefined;
}

/** Whether tokens can be judged here: a check for the keys, and one for the revocation list. */
export class JwtCoreReadiness {
  readonly checks: readonly JwtCoreCheck[];

  /** @param keys `undefined` where the application watches over a key set of its own */
  constructor(keys: RemoteKeySet | undefined, revocations: RevocationList) {
    this.checks = [
      // Stale keys are good keys: the issuer may be down for as long as the settings allow.
      { name: 'keys', check: () => (keys?.state === 'missing' ? 'missing' : undefined) },
      {
        name: 'revocation list',
        check: () => (revocations.state === 'fresh' ? undefined : revocations.state),
      },
    ];
  }
}
