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
  /** From which age on requests are refused. */
  readonly maxStalenessMs: number;
}

export interface KeySetStatistics {
  readonly keys: number;
  readonly state: KeySetState;
  /** Milliseconds since the keys at hand were asked for. Infinity while there are none. */
  readonly ageMs: number;
}

/** Called with the milliseconds from when a revocation was recorded until it was in force here. */
export type ReachListener = (ms: number) => void;

/**
 * What there is to measure of the verification of tokens, as plain numbers for any monitoring
 * system: read them whenever they are asked for. Counting costs an addition per request.
 */
export class JwtCoreStatistics {
  private readonly reachListeners = new Set<ReachListener>();

  /** @param keys `undefined` where the application has a key set of its own */
  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly list: RevocationList,
    private readonly keys: RemoteKeySet | undefined,
  ) {}

  /** How many requests ended in which verdict since the start. Grows only. */
  get verdicts(): Readonly<Record<Verdict, number>> {
    return this.verifier.verdicts.byVerdict;
  }

  /** How many verified tokens are remembered now, and how often that spared a signature so far. */
  get remembered(): { readonly tokens: number; readonly uses: number } {
    return this.verifier.remembered;
  }

  get revocationList(): RevocationListStatistics {
    const { size, state, maxStalenessMs } = this.list;
    return { entries: size, state, proofAgeMs: this.list.proofAgeMs(), maxStalenessMs };
  }

  /** `undefined` where the application has a key set of its own. */
  get keySet(): KeySetStatistics | undefined {
    if (this.keys === undefined) return undefined;
    const { size, state, ageMs } = this.keys;
    return { keys: size, state, ageMs };
  }

  /**
   * Calls back for each answer of the feed with news, with the reach of its oldest entry: the
   * issuer's own measure of how long ago it was recorded, and how long it took here to apply it. No
   * two machines' clocks are compared, so the answer's way over the network is not in it.
   *
   * @returns how to end that
   */
  onReach(listener: ReachListener): () => void {
    this.reachListeners.add(listener);
    return () => this.reachListeners.delete(listener);
  }

  /** For the follower of the feed. */
  noteReach(ms: number): void {
    for (const listener of this.reachListeners) listener(ms);
  }
}
