import { MAX_WAIT_SECONDS } from '../revocation/revocation-source.js';
import { backOffMs } from '../timing/back-off.js';

/** Of a fingerprint of an issuer none of whose fingerprints has ever fitted. */
const MAX_TRIES = 6;
/** Of an issuer one of whose fingerprints has fitted: longer than a cache may keep a set, 300 s. */
const MAX_TRIES_ONCE_FITTED = 60;
const RETRIES = { firstMs: 250, longestMs: 8_000 };
const REMEMBERED_FINGERPRINTS = 16;
/**
 * A feed without news reports the fingerprint at the end of each wait, and answers take a while.
 */
const REPORTED_FOR_MS = MAX_WAIT_SECONDS * 1_000 + 5_000;

/**
 * Decides when to fetch the key set whose fingerprint the issuer's feed reported.
 *
 * The first fetch may still get the old set: behind a balancer another auth process may answer it,
 * or a cache for some minutes. So it is fetched again, at growing intervals. But no set may ever fit:
 * an issuer may compute fingerprints in another way, or publish keys that are ignored here. So each
 * fingerprint is tried a few times only, and for some minutes once one has fitted.
 */
export class FingerprintChase {
  private announced: string | undefined;
  private announcedAtMs = -Infinity;
  /** A fingerprint has fitted: the issuer computes them as we do. */
  private hasFitted = false;
  private readonly tries = new Map<string, number>();

  /** The feed reports this fingerprint, while `held` is the set. */
  announce(fingerprint: string, held: string | undefined, nowMs: number): void {
    this.announced = fingerprint;
    this.announcedAtMs = nowMs;
    this.hasFitted ||= fingerprint === held;
  }

  /** The feed is lost: the issuer may have another set since its last report. */
  doubt(): void {
    this.announcedAtMs = -Infinity;
  }

  /** Whether the last report of the feed is recent and of exactly this set. */
  confirms(held: string | undefined, nowMs: number): boolean {
    return this.announced === held && nowMs - this.announcedAtMs < REPORTED_FOR_MS;
  }

  /** Counts a fetch, answered or not, after which this is the set. */
  noteFetch(held: string | undefined): void {
    const { announced } = this;
    if (announced === undefined) return;
    this.hasFitted ||= announced === held;
    if (announced === held) return;
    this.tries.set(announced, this.triesFor(announced) + 1);
    const [oldest] = this.tries.keys();
    if (this.tries.size > REMEMBERED_FINGERPRINTS) this.tries.delete(oldest!);
  }

  /** How long after the last fetch to fetch again. `undefined`: there is no reason to. */
  pauseMs(held: string | undefined): number | undefined {
    const { announced } = this;
    if (announced === undefined || announced === held) return undefined;
    const tries = this.triesFor(announced);
    const maxTries = this.hasFitted ? MAX_TRIES_ONCE_FITTED : MAX_TRIES;
    return tries < maxTries ? backOffMs(tries + 1, RETRIES) : undefined;
  }

  private triesFor(fingerprint: string): number {
    return this.tries.get(fingerprint) ?? 0;
  }
}
