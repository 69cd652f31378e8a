import type { VerificationKey } from './key-set.js';
import type { ProvenToken } from './admission.js';

/** A token whose signature and claims were right, and the key that it was verified with. */
export interface VerifiedToken {
  /**
   * The token as it was sent, as a string of its own: a slice would keep a longer one in memory.
   */
  readonly token: string;
  readonly key: VerificationKey;
  readonly proven: ProvenToken;
}

/** The arrays for so many take 160 MB once they are filled. */
export const MOST_REMEMBERED_TOKENS = 10_000_000;
export const DEFAULT_REMEMBERED_TOKENS = 10_000;

/** The end of a signature: to hash a whole token would cost more than the rest of a look-up. */
const HASHED_LENGTH = 6;
/** With more tokens than places, several share a place and are searched one by one. */
const MOST_PLACES_BITS = 20;

/**
 * Tokens that were verified before, the last `capacity` of them. A token is looked up by the end of
 * its signature and then compared whole. Cache confusion (threat:cache-confusion): two tokens with
 * the same end share a place, and are never taken for each other. Cache flooding
 * (threat:cache-flooding): only tokens that the issuer signed are kept, and their number is
 * bounded.
 *
 * Not a `Map`: it would make and hash a string for each look-up (2 µs in place of 0.5), and be
 * rebuilt as tokens come and go. What is read of other tokens is in arrays of numbers, as each
 * token that is touched is a cache miss.
 */
export class VerifiedTokens {
  /** By the hash, the slot of the youngest that has it, plus one. */
  private readonly places: Int32Array;
  private readonly unusedHashBits: number;

  // Slots are a ring in order of arrival, which with one lifetime is the order of expiry as well.
  private readonly tokens: (VerifiedToken | undefined)[] = [];
  private readonly hashes: Int32Array;
  private readonly expiries: Float64Array;
  /** The slot, plus one, of the next older that shares its place. */
  private readonly older: Int32Array;
  private oldest = 0;
  private count = 0;

  constructor(private readonly capacity: number) {
    const bits = Math.min(Math.ceil(Math.log2(capacity + 2)), MOST_PLACES_BITS);
    this.unusedHashBits = 32 - bits;
    this.places = new Int32Array(2 ** bits);
    this.hashes = new Int32Array(capacity);
    this.expiries = new Float64Array(capacity);
    this.older = new Int32Array(capacity);
  }

  get size(): number {
    return this.count;
  }

  find(token: string): VerifiedToken | undefined {
    const hash = hashOf(token);
    for (let next = this.places[this.placeOf(hash)]!; next !== 0; next = this.older[next - 1]!) {
      if (this.hashes[next - 1] !== hash) continue;
      const found = this.tokens[next - 1]!;
      if (found.token === token) return found;
    }
    return undefined;
  }

  /** Makes room by forgetting the oldest, and what has expired with it. */
  remember(verified: VerifiedToken, nowSeconds: number): void {
    if (this.capacity === 0) return;
    if (this.count === this.capacity) this.forgetOldest();
    // At most two expired ones for each new one: a bounded cost.
    for (let i = 0; i < 2 && this.isOldestExpired(nowSeconds); i++) this.forgetOldest();
    const slot = (this.oldest + this.count) % this.capacity;
    const hash = hashOf(verified.token);
    const place = this.placeOf(hash);
    this.tokens[slot] = verified;
    this.hashes[slot] = hash;
    this.expiries[slot] = verified.proven.expiresAtSeconds;
    this.older[slot] = this.places[place]!;
    this.places[place] = slot + 1;
    this.count++;
  }

  private placeOf(hash: number): number {
    return hash >>> this.unusedHashBits;
  }

  private isOldestExpired(nowSeconds: number): boolean {
    return this.count > 0 && this.expiries[this.oldest]! <= nowSeconds;
  }

  private forgetOldest(): void {
    const slot = this.oldest;
    this.tokens[slot] = undefined;
    this.oldest = (slot + 1) % this.capacity;
    this.count--;
    // The oldest token is the last of its chain.
    const place = this.placeOf(this.hashes[slot]!);
    let next = this.places[place]!;
    if (next === slot + 1) {
      this.places[place] = 0;
      return;
    }
    while (this.older[next - 1] !== slot + 1) next = this.older[next - 1]!;
    this.older[next - 1] = 0;
  }
}

function hashOf(token: string): number {
  const { length } = token;
  if (length < HASHED_LENGTH) return 0;
  let hash = 0;
  for (let at = length - HASHED_LENGTH; at < length; at++) {
    hash = Math.imul(hash, 0x01000193) ^ token.charCodeAt(at);
  }
  return Math.imul(hash, 0x9e3779b1);
}
