import { setTimeout as pause } from 'node:timers/promises';
import type { KeySet } from '../verifier/key-set.js';
import type { RevocationFollower } from '../revocation/revocation-follower.js';
import type { RevocationList } from '../revocation/revocation-list.js';
import { IssuersVerifier, type TokenVerifier } from '../verifier/issuers-verifier.js';
import { IssuerRuntime, type RuntimeOptions } from './issuer-runtime.js';
import { JwtCoreReadiness } from './readiness.js';
import { JwtCoreStatistics } from './statistics.js';
import type { VerifierSettings } from './verifier-options.js';

const READY_EVERY_MS = 20;

/**
 * Wires together everything that verifies tokens, from `start` to `close`. Nothing waits for the
 * issuers: tokens are refused until the keys and revocations of their issuer have arrived.
 */
export class VerifierRuntime {
  readonly issuers: readonly IssuerRuntime[];
  readonly verifier: TokenVerifier;
  readonly readiness: JwtCoreReadiness;
  readonly statistics: JwtCoreStatistics;
  private isClosed = false;

  constructor(settings: VerifierSettings, options: RuntimeOptions) {
    const onReach = (ms: number): void => this.statistics.noteReach(ms);
    this.issuers = settings.issuers.map(
      (each) => new IssuerRuntime(each, settings, { ...options, onReach }),
    );
    this.verifier =
      this.issuers.length === 1
        ? this.first.verifier
        : new IssuersVerifier(new Map(this.issuers.map((each) => [each.issuer, each.verifier])));
    this.readiness = new JwtCoreReadiness(this.issuers);
    this.statistics = new JwtCoreStatistics(this.verifier, this.issuers, options.log);
  }

  /** Of the first issuer, as are `revocations` and `follower`: see `JwtCoreModule`. */
  get keys(): KeySet {
    return this.first.keys;
  }

  get revocations(): RevocationList {
    return this.first.revocations;
  }

  get follower(): RevocationFollower {
    return this.first.follower;
  }

  /**
   * Begins to fetch keys and to follow revocations.
   *
   * @param strictestMs the shortest age that a route demands of the revocation list, if it is
   *   shorter than the list's own
   */
  start(strictestMs?: number): void {
    for (const issuer of this.issuers) issuer.start(strictestMs);
  }

  /**
   * Resolves when the first keys and the first revocation list of each issuer have arrived. Keeps
   * the process alive meanwhile.
   *
   * @param withinMs how long to wait. Default: until `close`.
   * @throws Error that names what is missing, at the end of that time
   */
  async ready(withinMs = Infinity): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const missing = this.readiness.missing.join(', ');
      if (missing === '') return;
      if (this.isClosed) throw new Error(`Closed before it was ready: ${missing}`);
      if (performance.now() >= giveUpAtMs) {
        throw new Error(`Not ready within ${withinMs} ms: ${missing}`);
      }
      await pause(READY_EVERY_MS);
    }
  }

  /** Ends all timers and requests for good. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.issuers.map((issuer) => issuer.close()));
  }

  private get first(): IssuerRuntime {
    return this.issuers[0]!;
  }
}
