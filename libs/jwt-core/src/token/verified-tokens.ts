import type { VerificationKey } from '../keys/key-set.js';
import type { ProvenToken } from './proven-token.js';

/** A token whose signature and claims were right, and the key that it was verified with. */
export interface VerifiedToken {
  /** The token as it was sent, as a string of its own: no slice that keeps a longer one alive. */
  readonly token: string;
  readonly key: VerificationKey;
  readonly proven: ProvenToken;
}

/**
 * 68 bits of the signature: hashing a whole token costs more than all the rest of a look-up. V8
 * copies slices of up to 12 characters, so that a key of the map is small and stands alone.
 */
const tailOf = (token: string): string => token.slice(-12);

/**
 * Tokens that were verified before, the last `capacity` of them. A token is looked up by the tail
 * of its signature and then compared whole. Cache confusion: two tokens with one tail displace each
 * other, and that is all they can do. Cache flooding: only what the issuer signed gets in, and the
 * number is bounded.
 */
export class VerifiedTokens {
  private readonly byTail = new Map<string, VerifiedToken>();
  /** A ring in order of arrival, which with one lifetime is the order of expiry as well. */
  private readonly arrivals: (VerifiedToken | undefined)[] = [];
  private oldest = 0;
  private count = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.byTail.size;
  }

  find(token: string): VerifiedToken | undefined {
    const verified = this.byTail.get(tailOf(token));
    return verified?.token === token ? verified : undefined;
  }

  /** Makes room by forgetting the oldest, and what has expired with it. */
  remember(verified: VerifiedToken, nowSeconds: number): void {
    if (this.capacity === 0) return;
    if (this.count === this.capacity) this.forgetOldest();
    // One comes, two may go: the expired leave as others arrive, at a bounded cost for each.
    for (let i = 0; i < 2 && this.isOldestExpired(nowSeconds); i++) this.forgetOldest();
    this.arrivals[(this.oldest + this.count) % this.capacity] = verified;
    this.count++;
    this.byTail.set(tailOf(verified.token), verified);
  }

  private isOldestExpired(nowSeconds: number): boolean {
    const verified = this.arrivals[this.oldest];
    return verified !== undefined && verified.proven.expiresAt <= nowSeconds;
  }

  private forgetOldest(): void {
    const verified = this.arrivals[this.oldest];
    this.arrivals[this.oldest] = undefined;
    this.oldest = (this.oldest + 1) % this.capacity;
    this.count--;
    // Its place may meanwhile belong to a younger token with the same tail.
    if (verified !== undefined && this.find(verified.token) === verified) {
      this.byTail.delete(tailOf(verified.token));
    }
  }
}
