import type { VerificationKey } from '../keys/key-set.js';
import type { ProvenToken } from './proven-token.js';

/** A token whose signature and claims were right, and the key that it was verified with. */
export interface VerifiedToken {
  /** The token as it was sent, as a string of its own: no slice that keeps a longer one alive. */
  readonly token: string;
  readonly key: VerificationKey;
  readonly proven: ProvenToken;
}

/** One that shares its place in the table with those that came before it. */
interface RememberedToken extends VerifiedToken {
  older: RememberedToken | undefined;
}

/** The end of a signature: hashing a whole token would cost more than all the rest of a look-up. */
const HASHED_LENGTH = 6;
/** Beyond so many tokens, two to a place and more are searched one by one. */
const MOST_PLACES_BITS = 20;

/**
 * Tokens that were verified before, the last `capacity` of them. A token is looked up by the end of
 * its signature and then compared whole. Cache confusion: two tokens that end alike share a place,
 * and never stand for each other. Cache flooding: only what the issuer signed gets in, and the
 * number is bounded.
 *
 * No `Map`: that would make a string for each look-up, hash it, and be rebuilt over and over as
 * tokens come and go. It took a twelfth of the time that a new token takes in all.
 */
export class VerifiedTokens {
  /** By the hash. Those that share a place are chained, the youngest first. */
  private readonly places: (RememberedToken | undefined)[];
  private readonly unusedHashBits: number;
  /** A ring in order of arrival, which with one lifetime is the order of expiry as well. */
  private readonly arrivals: (RememberedToken | undefined)[] = [];
  private oldest = 0;
  private count = 0;

  constructor(private readonly capacity: number) {
    const bits = Math.min(Math.ceil(Math.log2(capacity + 2)), MOST_PLACES_BITS);
    this.unusedHashBits = 32 - bits;
    this.places = new Array<RememberedToken | undefined>(2 ** bits).fill(undefined);
  }

  get size(): number {
    return this.count;
  }

  find(token: string): VerifiedToken | undefined {
    let found = this.places[this.placeOf(token)];
    while (found !== undefined && found.token !== token) found = found.older;
    return found;
  }

  /** Makes room by forgetting the oldest, and what has expired with it. */
  remember({ token, key, proven }: VerifiedToken, nowSeconds: number): void {
    if (this.capacity === 0) return;
    if (this.count === this.capacity) this.forgetOldest();
    // One comes, two may go: the expired leave as others arrive, at a bounded cost for each.
    for (let i = 0; i < 2 && this.isOldestExpired(nowSeconds); i++) this.forgetOldest();
    const place = this.placeOf(token);
    const newest: RememberedToken = { token, key, proven, older: this.places[place] };
    this.places[place] = newest;
    this.arrivals[(this.oldest + this.count) % this.capacity] = newest;
    this.count++;
  }

  private placeOf(token: string): number {
    const { length } = token;
    if (length < HASHED_LENGTH) return 0;
    let hash = 0;
    for (let at = length - HASHED_LENGTH; at < length; at++) {
      hash = (Math.imul(hash, 0x01000193) ^ token.charCodeAt(at)) | 0;
    }
    return Math.imul(hash, 0x9e3779b1) >>> this.unusedHashBits;
  }

  private isOldestExpired(nowSeconds: number): boolean {
    const oldest = this.arrivals[this.oldest];
    return oldest !== undefined && oldest.proven.expiresAt <= nowSeconds;
  }

  private forgetOldest(): void {
    const forgotten = this.arrivals[this.oldest]!;
    this.arrivals[this.oldest] = undefined;
    this.oldest = (this.oldest + 1) % this.capacity;
    this.count--;
    // The oldest of all is the last of its chain.
    const place = this.placeOf(forgotten.token);
    let younger = this.places[place]!;
    if (younger === forgotten) {
      this.places[place] = undefined;
      return;
    }
    while (younger.older !== forgotten) younger = younger.older!;
    younger.older = undefined;
  }
}
