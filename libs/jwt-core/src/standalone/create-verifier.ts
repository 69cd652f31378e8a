import type { JwtCoreLog } from '../issuer/log.js';
import type { JwtCoreReadiness } from '../runtime/readiness.js';
import type { JwtCoreStatistics } from '../runtime/statistics.js';
import { type VerifierOptions, verifierSettings } from '../runtime/verifier-options.js';
import { VerifierRuntime } from '../runtime/verifier-runtime.js';
import type { Principal } from '../verifier/claims.js';

export type CreateVerifierOptions = VerifierOptions & {
  /** Gets a line for each change, for example when the feed is lost or back. Default `console`. */
  readonly log?: JwtCoreLog;
};

/** Verifies access tokens in a service of any framework, or of none. */
export interface Verifier {
  /**
   * The caller that a token names. No request is made for it, unless the issuer is needed for a new
   * key or a reference token.
   *
   * @throws TokenError for any token that must not be accepted, also while keys or revocations are
   * missing. `problemOf` turns it into an answer.
   */
  readonly verify: (token: string) => Promise<Principal>;

  /**
   * Resolves when keys and revocations have arrived. Until then all tokens are refused as
   * `keys_unavailable` or `revocations_stale`.
   *
   * @param withinMs how long to wait. Default: until `close`.
   * @throws Error that names what is missing, at the end of that time
   */
  readonly ready: (withinMs?: number) => Promise<void>;

  /** Ends its timers and requests. It cannot be started again. */
  readonly close: () => Promise<void>;

  /** What is missing now, for a health endpoint. */
  readonly readiness: JwtCoreReadiness;

  /** Numbers for a monitoring system. */
  readonly statistics: JwtCoreStatistics;
}

/**
 * A verifier for the tokens of `issuer` that are meant for `audience`. It begins at once to fetch
 * the keys and to follow the revocations of the issuer, which may be down meanwhile. One is enough
 * for a process.
 *
 * @throws TypeError with a list of all faults in the options
 */
export function createVerifier(options: CreateVerifierOptions): Verifier {
  const settings = verifierSettings(options, 'createVerifier', {
    names: ['log'],
    faults: () => [],
  });
  const runtime = new VerifierRuntime(settings, { log: options.log ?? console });
  runtime.start();
  return {
    verify: async (token) => runtime.verifier.verify(token),
    ready: (withinMs) => runtime.ready(withinMs),
    close: () => runtime.close(),
    readiness: runtime.readiness,
    statistics: runtime.statistics,
  };
}
