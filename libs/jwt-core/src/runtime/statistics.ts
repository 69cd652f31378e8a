import type { KeySetState } from '../keys/remote-key-set.js';
import type { RemoteKeySet } from '../keys/remote-key-set.js';
import type { RevocationList, RevocationListState } from '../revocation/revocation-list.js';
import type { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import type { Verdict } from '../verifier/verdict-counts.js';

export interface RevocationListStatistics {
  readonly entries: number;
  readonly state: RevocationListState;
  /** Milliseconds since the list was last known to be complete. Infinity while blind. */
  readonly proofAgeMs: number;
  /** Requests are refused when the list is older. */
  readonly maxStalenessMs: number;
}

export interface KeySetStatistics {
  readonly keys: number;
  readonly state: KeySetState;
  /** Milliseconds since the request for the present keys. Infinity while there are none. */
  readonly ageMs: number;
}

/** Called with the milliseconds between the record of a revocation and its effect here. */
export type ReachListener = (ms: number) => void;

/**
 * Numbers about the verification of tokens, for any monitoring system to read at any time.
 */
export class JwtCoreStatistics {
  private readonly reachListeners = new Set<ReachListener>();

  /** @param keys `undefined` if the application has a key set of its own */
  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly list: RevocationList,
    private readonly keys: RemoteKeySet | undefined,
  ) {}

  /** How many requests got which verdict since the start: counters. */
  get verdicts(): Readonly<Record<Verdict, number>> {
    return this.verifier.verdicts.byVerdict;
  }

  /** How many verified tokens are remembered now, and how often that saved a signature check. */
  get remembered(): { readonly tokens: number; readonly uses: number } {
    return this.verifier.remembered;
  }

  get revocationList(): RevocationListStatistics {
    const { size, state, maxStalenessMs } = this.list;
    return { entries: size, state, proofAgeMs: this.list.proofAgeMs(), maxStalenessMs };
  }

  /** `undefined` if the application has a key set of its own. */
  get keySet(): KeySetStatistics | undefined {
    if (this.keys === undefined) return undefined;
    const { size, state, ageMs } = this.keys;
    return { keys: size, state, ageMs };
  }

  /**
   * Calls `listener` for each answer of the feed with new entries, with the reach of the oldest
   * one: its age as the issuer measured it, plus the time to apply it here. Clocks of two machines
   * are never compared, so that the time of the answer on the network is not included.
   *
   * @returns a function that removes the listener
   */
  onReach(listener: ReachListener): () => void {
    this.reachListeners.add(listener);
    return () => this.reachListeners.delete(listener);
  }

  /** Called by the follower of the feed. */
  noteReach(ms: number): void {
    for (const listener of this.reachListeners) listener(ms);
  }
}
