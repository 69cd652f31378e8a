import { backOffMs } from '../timing/back-off.js';

/** A timer that keeps the earliest of the times it is set to. Holds no process alive. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private atMs = Infinity;

  constructor(
    private readonly ring: () => void,
    private readonly monotonicNow: () => number,
  ) {}

  /** Rings once, not later than this. */
  within(delayMs: number): void {
    const atMs = this.monotonicNow() + delayMs;
    if (atMs >= this.atMs) return;
    this.clear();
    this.atMs = atMs;
    this.timer = setTimeout(() => {
      this.clear();
      this.ring();
    }, delayMs).unref();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.atMs = Infinity;
  }
}

const maxTries = 6;
const retries = { firstMs: 250, longestMs: 8_000 };
const rememberedFingerprints = 16;

/**
 * Decides when a fetch may bring the key set that the issuer's feed has told of.
 *
 * The first fetch may not: behind a balancer, one auth process tells of the new set while another
 * still serves the old one. And an issuer may compute its fingerprints in another way than we do, so
 * that no fetch ever will. So each fingerprint is tried for a few times only, at growing intervals.
 */
export class FingerprintChase {
  private told: string | undefined;
  private toldAtMs = -Infinity;
  private readonly tries = new Map<string, number>();

  /** The issuer's feed tells of this fingerprint now. */
  tell(fingerprint: string, nowMs: number): void {
    this.told = fingerprint;
    this.toldAtMs = nowMs;
  }

  /** Whether the feed has told of exactly this set within the last `withinMs`. */
  confirms(held: string | undefined, nowMs: number, withinMs: number): boolean {
    return this.told === held && nowMs - this.toldAtMs < withinMs;
  }

  /** Counts a fetch that was answered, or not, and left us with this set. */
  noteFetch(held: string | undefined): void {
    const { told } = this;
    if (told === undefined || told === held) return;
    this.tries.set(told, this.triesFor(told) + 1);
    const [oldest] = this.tries.keys();
    if (this.tries.size > rememberedFingerprints) this.tries.delete(oldest!);
  }

  /** How long after the last fetch the next one should come, or `undefined`: it is of no use. */
  pauseMs(held: string | undefined): number | undefined {
    const { told } = this;
    if (told === undefined || told === held) return undefined;
    const tries = this.triesFor(told);
    return tries < maxTries ? backOffMs(tries + 1, retries) : undefined;
  }

  private triesFor(fingerprint: string): number {
    return this.tries.get(fingerprint) ?? 0;
  }
}
