import type { KeySetState } from '../keys/key-set-report.js';
import type { JwtCoreLog } from '../issuer/log.js';
import type { RevocationListState } from '../revocation/revocation-list.js';
import type { TokenVerifier } from '../verifier/issuers-verifier.js';
import type { Verdict } from '../verifier/verdict-counts.js';
import type { IssuerRuntime } from './issuer-runtime.js';

export interface RevocationListStatistics {
  readonly entries: number;
  /** How often the feed has sent a whole new list in place of the one that was there: a counter. */
  readonly replacements: number;
  readonly state: RevocationListState;
  /**
   * Milliseconds since the list was last known to be complete. Infinity while blind, 0 for `none`.
   */
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

/** The numbers of one issuer. */
export interface IssuerStatistics {
  readonly issuer: string;
  /** Of the tokens that named it as their issuer. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly remembered: { readonly tokens: number; readonly uses: number };
  readonly revocationList: RevocationListStatistics;
  /** `undefined` if the application has a key set of its own. */
  readonly keySet: KeySetStatistics | undefined;
}

/** Called with the milliseconds between the record of a revocation and its effect here. */
export type ReachListener = (ms: number) => void;

/**
 * Numbers about the verification of tokens, for any monitoring system to read at any time.
 */
export class JwtCoreStatistics {
  private readonly reachListeners = new Set<ReachListener>();
  private readonly failedListeners = new WeakSet<ReachListener>();

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly runtimes: readonly IssuerRuntime[],
    private readonly log?: JwtCoreLog,
  ) {}

  /** How many requests got which verdict since the start: counters. */
  get verdicts(): Readonly<Record<Verdict, number>> {
    return this.verifier.verdicts.byVerdict;
  }

  /** How many verified tokens are remembered now, and how often that saved a signature check. */
  get remembered(): { readonly tokens: number; readonly uses: number } {
    return this.verifier.remembered;
  }

  /** Of several issuers: all entries, the worst state and the oldest proof. */
  get revocationList(): RevocationListStatistics {
    const lists = this.runtimes.map(revocationListOf);
    return {
      entries: sum(lists.map(({ entries }) => entries)),
      replacements: sum(lists.map(({ replacements }) => replacements)),
      state: worst(LIST_STATES, lists),
      proofAgeMs: Math.max(...lists.map(({ proofAgeMs }) => proofAgeMs)),
      maxStalenessMs: lists[0]!.maxStalenessMs,
    };
  }

  /** Likewise. `undefined` if the application has key sets of its own. */
  get keySet(): KeySetStatistics | undefined {
    const sets = this.runtimes.map(keySetOf).filter((set) => set !== undefined);
    if (sets.length === 0) return undefined;
    return {
      keys: sum(sets.map(({ keys }) => keys)),
      state: worst(KEY_STATES, sets),
      ageMs: Math.max(...sets.map(({ ageMs }) => ageMs)),
    };
  }

  /** The same for each issuer, in the order of the options. */
  get issuers(): readonly IssuerStatistics[] {
    return this.runtimes.map((runtime) => ({
      issuer: runtime.issuer,
      verdicts: runtime.verifier.verdicts.byVerdict,
      remembered: runtime.verifier.remembered,
      revocationList: revocationListOf(runtime),
      keySet: keySetOf(runtime),
    }));
  }

  /**
   * Calls `listener` for each answer of the feed with new entries, with the reach of the oldest
   * one: its age as the issuer measured it, plus the time to apply it here. Clocks of two machines
   * are never compared, so that the time of the answer on the network is not included. What it
   * throws is logged once.
   *
   * @returns a function that removes the listener
   */
  onReach(listener: ReachListener): () => void {
    this.reachListeners.add(listener);
    return () => this.reachListeners.delete(listener);
  }

  /** Called by the follower of the feed. */
  noteReach(ms: number): void {
    for (const listener of this.reachListeners) {
      try {
        listener(ms);
      } catch (error) {
        this.noteFailure(listener, error);
      }
    }
  }

  /** For the follower a listener that throws would be a lost feed. */
  private noteFailure(listener: ReachListener, error: unknown): void {
    if (this.failedListeners.has(listener)) return;
    this.failedListeners.add(listener);
    this.log?.error(`A listener of onReach throws: ${String(error)}`);
  }
}

/** The worst first. */
const LIST_STATES: readonly RevocationListState[] = ['blind', 'stale', 'fresh', 'none'];
const KEY_STATES: readonly KeySetState[] = ['missing', 'stale', 'fresh'];

function worst<State>(order: readonly State[], of: readonly { readonly state: State }[]): State {
  return order.find((state) => of.some((each) => each.state === state))!;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function revocationListOf({ revocations }: IssuerRuntime): RevocationListStatistics {
  const { size, replacements, state, maxStalenessMs } = revocations;
  const proofAgeMs = state === 'none' ? 0 : revocations.proofAgeMs();
  return { entries: size, replacements, state, proofAgeMs, maxStalenessMs };
}

function keySetOf({ remoteKeys }: IssuerRuntime): KeySetStatistics | undefined {
  if (remoteKeys === undefined) return undefined;
  const { size, state, ageMs } = remoteKeys;
  return { keys: size, state, ageMs };
}
